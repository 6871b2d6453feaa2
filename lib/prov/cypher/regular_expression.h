#pragma once

#include <string>
#include <string_view>

#include "formats/regex.h"

namespace hart::prov::cypher {

/// What stands after `=~`. The syntax is that of formats::Regex, which has what is common to
/// Java and to openCypher's examples but for back references: a text matches when all of it
/// does, and "." is any character but the end of a line.
class RegularExpression {
 public:
  /// Throws Error(data) with the position and what was expected.
  explicit RegularExpression(const std::string& expression);

  /// Whether all of the text matches. Throws Error(denied) when that takes longer than is
  /// allowed for its length.
  [[nodiscard]] bool matches(std::string_view text);

 private:
  formats::Regex whole_;
  formats::RegexMatcher matcher_;
};

}  // namespace hart::prov::cypher
