#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "core/error.h"

namespace hart::bench {

/// A fresh directory under the system's temporary one, removed at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "hart-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw Error{Fault::cannot_create, "no scratch directory"};
    path_ = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string store() const { return path_ + "/bench.hart"; }

 private:
  std::string path_;
};

}  // namespace hart::bench
