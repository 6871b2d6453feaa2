#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hart::prov {

/// How a program ended.
struct ChildStatus {
  int code = 0;    ///< its exit status; 0 when a signal ended it
  int signal = 0;  ///< 0 when it exited by itself

  /// "ended with status 3", "was ended by signal 9"
  [[nodiscard]] std::string text() const;
};

/// Runs a program, found as execvp(3) finds it and without a shell, feeds it `input` on its
/// standard input, and waits for its end. What it prints goes to our standard error. A program
/// that stops reading early is left to end as it will. Throws Error(unavailable) when there is
/// no such program or it cannot be run. Precondition: `arguments` begins with the program.
[[nodiscard]] ChildStatus run_child(
    const std::vector<std::string>& arguments,
    const std::vector<std::pair<std::string, std::string>>& environment,
    std::string_view input);

}  // namespace hart::prov
