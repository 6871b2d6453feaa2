#pragma once

#include <string>

#include "core/bytes.h"

namespace hart::atom {

/// True for a terminal, a pipe, /dev/null: what must be written to and never replaced.
[[nodiscard]] bool is_device(const std::string& path) noexcept;

/// A device, written to as it is.
class DeviceFile {
 public:
  /// Throws Error(cannot_create).
  explicit DeviceFile(const std::string& path);
  ~DeviceFile();
  DeviceFile(const DeviceFile&) = delete;
  DeviceFile& operator=(const DeviceFile&) = delete;

  /// Throws Error(io).
  void write(ByteView bytes);

 private:
  std::string path_;
  int fd_;
};

/// A file beside its final place, removed unless it was completed.
class TemporaryFile {
 public:
  /// Throws Error(cannot_create) naming `path`, the final place.
  explicit TemporaryFile(const std::string& path);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  /// Where it is until then.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Appends. Throws Error(io), as on a full disk.
  void write(ByteView bytes);
  /// Syncs it and gives it the name `path`, replacing a file of that name. Throws Error(io) or
  /// Error(cannot_create).
  void complete(const std::string& path);

 private:
  std::string path_;
  int fd_;
  std::uint64_t unstarted_ = 0;  ///< written since the disk was last told to begin
};

/// A folder beside its final place, removed with all it holds unless it was completed.
class TemporaryFolder {
 public:
  /// Throws Error(cannot_create) naming `path`, the final place, when it exists and is not an
  /// empty folder. Slashes at its end do not matter.
  explicit TemporaryFolder(const std::string& path);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// Where it is until then.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Gives it its final name.
  void complete();

 private:
  std::string final_path_;
  std::string path_;
};

}  // namespace hart::atom
