#pragma once

#include <string>

#include "core/bytes.h"

namespace hart {

/// A regular file mapped for reading. The mapping lives as long as the object.
class MappedFile {
 public:
  /// How the mapping will be read, for the kernel's read-ahead.
  enum class Access { normal, sequential, random };

  MappedFile() = default;
  /// Throws Error(no_input) when there is no such file, Error(data) when `path` is a directory
  /// or another thing that is not a regular file, Error(denied) or Error(io) as the system
  /// says.
  explicit MappedFile(const std::string& path, Access access = Access::normal);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// The whole file; empty for a file of no bytes.
  [[nodiscard]] ByteView bytes() const noexcept { return {data_, size_}; }
  /// Tells the kernel that [offset, offset + size) will not be read again soon, so that
  /// streaming over a large file keeps its resident memory small. Never fails.
  void drop(std::size_t offset, std::size_t size) const noexcept;

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace hart
