#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "search/where.h"

namespace hart::search {

/// A piece of an expression's text.
struct WhereToken {
  enum class Kind { word, symbol, value, end };
  Kind kind = Kind::end;
  std::string text;              ///< as written; of a string what it stands for
  WhereExpression::Value value;  ///< of Kind::value
  std::size_t position = 0;      ///< of its first byte, from 1
};

/// Cuts an expression into pieces. Words are letters, digits, _ and -; `true`, `false` and
/// `null` are values.
class WhereLexer {
 public:
  explicit WhereLexer(std::string_view text) : text_{text} {}

  /// The next piece; at the end Kind::end for ever. Throws Error(usage) on a string that
  /// nothing closes, a number that is none, a character that no piece begins with.
  [[nodiscard]] WhereToken next();

 private:
  [[nodiscard]] WhereToken read_string(char quote);
  [[nodiscard]] WhereToken read_number();
  [[nodiscard]] WhereToken read_word();
  [[nodiscard]] WhereToken read_symbol();

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Throws Error(usage, "filter expression, at <position>: <what>").
[[noreturn]] void refuse_where(std::size_t position, const std::string& what);

}  // namespace hart::search
