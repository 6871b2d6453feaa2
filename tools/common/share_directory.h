#pragma once

#include <string>

namespace hart::cli {

/// The folder of shipped data (models/, corpus/): HART_SHARE when set, else
/// ../share/hartonomous beside an installed tool, else share/ of the source tree that a build
/// tree lies in. Throws Error(no_input) when there is none.
[[nodiscard]] std::string share_directory();

}  // namespace hart::cli
