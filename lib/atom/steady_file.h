#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

namespace hart::atom {

/// Notices that a file is written to while it is read: it is gone over more than once, and what
/// is kept must be what was hashed.
class SteadyFile {
 public:
  /// Before the first byte is read. An empty path is no file's, and never written to.
  explicit SteadyFile(std::string path);
  /// After the last one. Throws Error(data) when size or time of change are others. A file that
  /// took the place of this one is none of it: what was read stays whole.
  void require_steady() const;

 private:
  std::string path_;
  std::optional<struct stat> before_;
};

}  // namespace hart::atom
