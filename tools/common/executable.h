#pragma once

#include <filesystem>
#include <optional>

namespace hart::cli {

/// The folder that the running program lies in, symbolic links followed.
[[nodiscard]] std::filesystem::path executable_directory();

/// The source tree that the running program's build tree lies in (build/PRESET/tools), if it is
/// one: a folder with both lib/ and share/.
[[nodiscard]] std::optional<std::filesystem::path> source_root();

}  // namespace hart::cli
