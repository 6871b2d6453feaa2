#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "core/bytes.h"

namespace hart::store {

/// An open file, closed by the destructor. One thread at a time. Every failure throws as
/// `throw_errno(Fault::io, path, …)` says: Error(io) for a full disk or a failing one.
class File {
 public:
  explicit File(std::string path) : path_{std::move(path)} {}
  virtual ~File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] virtual std::uint64_t size() = 0;

  /// Fills `into` with the bytes from `offset` on. Throws Error(data) when the file ends
  /// before.
  void read_at(std::uint64_t offset, std::span<std::uint8_t> into);
  /// Writes all of `bytes` at `offset`; a gap before it reads as zeros. When it throws, any
  /// part of them may have been written.
  void write_at(std::uint64_t offset, ByteView bytes);
  /// Cuts or extends the file to `bytes`; what is added reads as zeros.
  virtual void truncate(std::uint64_t bytes) = 0;
  /// Returns when the content and the size are on stable storage (`fdatasync`).
  virtual void sync() = 0;
  /// Gives [offset, offset + bytes) back to the file system; it reads as zeros and the size
  /// stays. False, and nothing changed, where the file system cannot do that.
  [[nodiscard]] virtual bool punch_hole(std::uint64_t offset, std::uint64_t bytes) = 0;

 protected:
  /// One system call: the number of bytes that it moved, 0 at the end of the file; fewer than
  /// asked for are no error.
  virtual std::size_t read_some(std::uint64_t offset, std::span<std::uint8_t> into) = 0;
  virtual std::size_t write_some(std::uint64_t offset, ByteView bytes) = 0;

 private:
  std::string path_;
};

/// Everything by which the store changes files outside SQLite, so that tests can put a failing
/// disk under it. Mapping a file for reading is not part of it.
class FileIo {
 public:
  enum class Mode {
    read,
    read_write,
    create,  ///< read and write; made when missing, emptied when not
  };

  virtual ~FileIo() = default;

  /// Throws Error(no_input) when there is no such file, else as File does.
  [[nodiscard]] virtual std::unique_ptr<File> open(const std::string& path, Mode mode) = 0;
  /// Removes a file. False when there was none.
  virtual bool remove(const std::string& path) = 0;
  /// Replaces `to`, if it is there, in one step.
  virtual void rename(const std::string& from, const std::string& to) = 0;
  /// Makes `to` a file with the content of `from` without a second copy of it: a reflink, which
  /// later changes to either do not touch, else a hard link, by which both are one file. False,
  /// and nothing made, where the file system can do neither.
  virtual bool share(const std::string& from, const std::string& to);
  /// Returns when the names that were made, removed or changed in `directory` are on stable
  /// storage.
  virtual void sync_directory(const std::string& directory) = 0;
};

/// The file system.
[[nodiscard]] FileIo& posix_file_io() noexcept;
/// What this process uses: the file system, unless a FileIoOverride is alive.
[[nodiscard]] FileIo& file_io() noexcept;

/// Puts another FileIo in its place as long as this object lives. For tests; overrides end in
/// the reverse order of their beginning.
class FileIoOverride {
 public:
  explicit FileIoOverride(FileIo& io) noexcept;
  ~FileIoOverride();
  FileIoOverride(const FileIoOverride&) = delete;
  FileIoOverride& operator=(const FileIoOverride&) = delete;

 private:
  FileIo* before_;
};

}  // namespace hart::store
