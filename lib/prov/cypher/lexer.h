#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/error.h"

namespace hart::prov::cypher {

inline constexpr std::size_t kMaxQueryBytes = 64 * 1024;

enum class TokenKind : std::uint8_t {
  name,         ///< also every keyword: keywords are not reserved everywhere
  quoted_name,  ///< between backticks
  integer,
  floating,
  bad_number,  ///< digits that letters follow
  string,
  parameter,  ///< text is the name, without the dollar sign
  symbol,
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  ///< decoded: no quotation marks, escapes resolved
  Position at;
  std::uint32_t begin = 0;  ///< bytes of the query, [begin, end)
  std::uint32_t end = 0;
};

/// Splits a query into tokens, the last of kind `end`. Throws Error{Fault::usage} as `fail`
/// says it on characters and literals that openCypher does not have, and on a text over
/// kMaxQueryBytes.
[[nodiscard]] std::vector<Token> tokenize(std::string_view query);

/// Whether two names are the same but for the case of ASCII letters.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b) noexcept;

/// ASCII letters in lower case.
[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace hart::prov::cypher
