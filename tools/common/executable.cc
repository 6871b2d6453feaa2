#include "common/executable.h"

#include <cstdlib>

#include "common/share_directory.h"
#include "core/error.h"

namespace hart::cli {

namespace fs = std::filesystem;

fs::path executable_directory() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path{"."} : program.parent_path();
}

std::optional<fs::path> source_root() {
  fs::path directory = executable_directory();
  std::error_code ignored;
  // build/PRESET/tools is three below the root; one more for a generator's own folder.
  for (int up = 0; up < 4 && directory.has_parent_path(); ++up) {
    directory = directory.parent_path();
    if (fs::is_directory(directory / "lib/core", ignored) &&
        fs::is_directory(directory / "share", ignored))
      return directory;
  }
  return std::nullopt;
}

std::string share_directory() {
  if (const char* given = std::getenv("HART_SHARE"); given && *given) return given;
  std::error_code ignored;
  const fs::path installed = executable_directory() / "../share/hartonomous";
  if (fs::is_directory(installed, ignored)) return installed.lexically_normal();
  if (const auto root = source_root()) return *root / "share";
  throw Error{Fault::no_input,
              "the shipped data (share/hartonomous) is not beside the tools: "
              "set HART_SHARE to its folder"};
}

}  // namespace hart::cli
