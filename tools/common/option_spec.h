#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hart::cli {

/// One declared option or positional argument: what the parser and the help know of it.
struct OptionSpec {
  std::vector<std::string> names;  ///< with their dashes; empty for a positional
  std::string metavar;             ///< empty for a flag
  std::string help;
  std::string default_text;
  std::vector<std::string> choices;
  std::optional<std::pair<double, double>> range;
  bool required = false;
  bool repeatable = false;
  bool hidden = false;
  bool seen = false;
  /// Stores a value. Throws Error(usage) with the reason alone; the parser adds the name.
  std::function<void(const std::string&)> set;

  [[nodiscard]] bool is_flag() const noexcept { return metavar.empty(); }
  /// How messages call it: the longest name, or the metavar of a positional.
  [[nodiscard]] std::string label() const { return names.empty() ? metavar : names.back(); }
};

}  // namespace hart::cli
