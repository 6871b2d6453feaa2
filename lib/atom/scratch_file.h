#pragma once

#include <cstdint>
#include <string>

#include "core/bytes.h"
#include "core/mapped_file.h"

namespace hart::atom {

/// A file without a name: it is gone when this object and its mappings are, however the process
/// ends.
class ScratchFile {
 public:
  /// In `directory`, for the sake of its file system. Throws Error(cannot_create).
  explicit ScratchFile(const std::string& directory);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  /// Appends. Throws Error(io) on a full disk.
  void write(ByteView bytes);
  /// What has been written so far.
  [[nodiscard]] MappedFile map() const;

 private:
  std::string directory_;
  int fd_ = -1;
};

}  // namespace hart::atom
