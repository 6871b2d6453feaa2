#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hart::nn::jinja {

/// Where something stands in the template, counted from 1; columns count bytes.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

enum class TokenType {
  text,         ///< outside of tags, what whitespace control left of it
  print_begin,  ///< {{
  print_end,
  block_begin,  ///< {%
  block_end,
  name,
  string,  ///< its value, escapes resolved
  integer,
  floating,
  symbol,  ///< an operator or a bracket
  end
};

struct Token {
  TokenType type;
  std::string text;
  Position position;
};

/// The tokens of a template, `end` last. Whitespace control as transformers sets it for chat
/// templates: one newline at the end of the template goes, the newline after a block or comment
/// goes (trim_blocks), and so do the blanks before one that is first on its line
/// (lstrip_blocks); `-` strips, `+` keeps. Comments and `raw` blocks are resolved. Throws
/// Error(data, "line L, column C: expected …").
/// Source: the template designer documentation of Jinja 3.1.
[[nodiscard]] std::vector<Token> tokenize_template(std::string_view source);

/// Throws Error(data) with the position in front.
[[noreturn]] void fail_at(Position position, const std::string& message);

}  // namespace hart::nn::jinja
