#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "core/error.h"

namespace hart::fault {

/// A fresh directory, removed at the end: in memory where the system has a place for that,
/// since syncs are simulated.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    const std::filesystem::path memory{"/dev/shm"};
    const auto parent =
        ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (std::filesystem::canonical(parent) / "hart-fault-XXXXXX").string();
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

  /// Absolute, without symbolic links.
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace hart::fault
