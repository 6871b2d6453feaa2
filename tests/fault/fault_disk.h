#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "random.h"
#include "unsynced_file.h"

namespace hart::fault {

enum class FaultKind {
  crash,           ///< the power goes: from then on everything fails and nothing changes
  io_error,        ///< one operation fails with EIO
  no_space,        ///< writes and creations fail with ENOSPC for a while
  short_transfer,  ///< reads and writes move fewer bytes than asked for, for a while
};

/// Operations are counted by kind, each from 1; a sync is a change as well.
enum class OperationKind { read, change, sync };

/// A fault, and when it comes.
struct PlannedFault {
  FaultKind kind = FaultKind::crash;
  OperationKind on = OperationKind::change;
  std::uint64_t at = 0;          ///< the number of the operation of that kind
  std::uint64_t operations = 1;  ///< how many it strikes, for those that last
};

/// The disk under one store directory. Every operation on its files goes through here: it
/// strikes where it was planned, else reaches the real files, and what is not yet synced is
/// remembered, so that a power cut can be made of it. Names of files are synced by
/// sync_directory alone.
///
/// The operations answer 0 or errno, as the system calls do. One thread.
class FaultDisk {
 public:
  /// What lies in `directory`, an absolute path, counts as synced.
  FaultDisk(std::string directory, std::uint64_t seed);
  ~FaultDisk();
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;

  void plan(const PlannedFault& fault) { plan_.push_back(fault); }
  /// The power goes so many changes after an operation failed; 0: it need not.
  void plan_crash_after_failure(std::uint64_t changes) noexcept { crash_delay_ = changes; }
  /// The power goes now.
  void cut_power() noexcept { crashed_ = true; }
  [[nodiscard]] bool crashed() const noexcept { return crashed_; }
  /// Whether a fault has struck since the last call.
  bool take_struck() noexcept { return std::exchange(struck_, false); }
  [[nodiscard]] bool holds(const std::string& path) const;

  int open(const std::string& path, bool create, UnsyncedFile*& file);
  int read(UnsyncedFile& file, std::uint64_t offset, std::span<std::uint8_t> into,
           std::size_t& got);
  int write(UnsyncedFile& file, std::uint64_t offset, ByteView bytes, std::size_t& put);
  int truncate(UnsyncedFile& file, std::uint64_t bytes);
  int sync(UnsyncedFile& file);
  int remove(const std::string& path);
  int rename(const std::string& from, const std::string& to);
  /// `unheeded`: the caller does not look at the answer, so only a crash strikes.
  int sync_directory(const std::string& directory, bool unheeded = false);

  /// Makes the real directory what the power cut left. To be called once all files are closed;
  /// afterwards the disk is worn out.
  void apply_crash();

  /// One line an operation that changed something or failed.
  void print_trace(std::ostream& out) const;
  /// A line of the workload's among those of the disk.
  void note(const std::string& line) { trace_.push_back({"", line, 0, 0, 0}); }
  [[nodiscard]] std::uint64_t count(OperationKind kind) const noexcept {
    return counts_[static_cast<std::size_t>(kind)];
  }

 private:
  struct Request {
    const char* operation;
    const std::string& path;
    OperationKind kind;
    bool needs_space = false;
    bool unheeded = false;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
  };
  /// What an operation is to do: fail with `error`; and, before, change what it would change
  /// (when the power goes in its midst) or a part of it.
  struct Verdict {
    int error = 0;
    bool perform = true;
    bool shortened = false;
  };
  /// A change of a directory that is not yet synced.
  struct Rename {
    std::string from;   ///< where the file stood; empty: it is new
    std::string to;     ///< where it stands; empty: it is removed
    std::string grave;  ///< where the file lies that stood at `to`, or that was removed
  };
  struct TraceLine {
    const char* operation;
    std::string path;
    std::uint64_t offset;
    std::uint64_t bytes;
    int error;
  };

  Verdict judge(const Request& request);
  void strike(FaultKind fault, const Request& request, Verdict& verdict);
  [[nodiscard]] std::uint64_t& counter(OperationKind kind) noexcept {
    return counts_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] std::string path_of(const UnsyncedFile& file) const;
  /// Moves the file at `path` to where removed files lie. Returns that place.
  std::string bury(const std::string& path);
  void undo(const Rename& change);

  std::string directory_;
  std::string graves_;
  Random random_;
  std::vector<PlannedFault> plan_;
  bool crashed_ = false;
  bool struck_ = false;
  std::array<std::uint64_t, 3> counts_{};
  std::uint64_t crash_delay_ = 0;
  std::uint64_t buried_ = 0;
  std::vector<std::unique_ptr<UnsyncedFile>> files_;
  std::map<std::string, UnsyncedFile*> by_path_;
  std::vector<Rename> renames_;
  std::vector<TraceLine> trace_;
};

}  // namespace hart::fault
