#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "random.h"

namespace hart::fault {

/// What a power cut leaves of the changes to a file that nobody synced.
enum class Survival {
  nothing,     ///< none of them
  everything,  ///< all of them
  prefix,      ///< those up to some moment, the one in progress torn
  any,         ///< each is kept, dropped or torn, whatever happened to those before
};

/// A file whose content stands in a real file as programs see it, and here as a power cut would
/// find it: the pages as of the last sync that have changed since, and the changes.
class UnsyncedFile {
 public:
  /// Opens (or makes) the real file. Its content counts as synced. The descriptor stays open as
  /// long as this object, so that SQLite's POSIX locks on the file do not fall with it.
  /// `error` is 0 or errno.
  UnsyncedFile(const std::string& path, bool create, int& error);
  ~UnsyncedFile();
  UnsyncedFile(const UnsyncedFile&) = delete;
  UnsyncedFile& operator=(const UnsyncedFile&) = delete;

  [[nodiscard]] std::uint64_t size() const;
  /// The number of bytes read: fewer at the end of the file.
  [[nodiscard]] std::size_t read(std::uint64_t offset, std::span<std::uint8_t> into) const;
  void write(std::uint64_t offset, ByteView bytes);
  void truncate(std::uint64_t bytes);

  void sync_succeeded();
  /// As Linux does it, a page whose write-back failed counts as clean from then on: a later
  /// sync that succeeds does not write it, unless it was changed again.
  void sync_failed(Random& random);

  /// Gives the real file the content that the power cut left.
  void apply_crash(Survival survival, Random& random);

 private:
  struct Change {
    bool is_truncate;
    std::uint64_t offset;  ///< of a truncate: the new size
    ByteBuffer bytes;
  };

  void save_pages(std::uint64_t begin, std::uint64_t end);
  void restore_synced();
  void replay(const Change& change);
  void replay_torn(const Change& change, Random& random);

  int fd_;
  std::uint64_t synced_size_ = 0;
  /// Content of changed pages as of the last sync, by page number; what is missing is zeros.
  std::map<std::uint64_t, ByteBuffer> synced_pages_;
  /// Pages that a failed sync gave up.
  std::set<std::uint64_t> lost_pages_;
  std::vector<Change> changes_;
};

}  // namespace hart::fault
