#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hart::nn {

/// A bound of a range of numbers.
struct NumberBound {
  std::int64_t value = 0;
  bool is_exclusive = false;
};

/// A GBNF item for the integers from `least` to `most`, as JSON writes them: no leading zeros,
/// no "-0". Without a bound they have at most 16 digits, or as many as the other bound. Empty
/// when there is none. Precondition: the bounds are inclusive.
[[nodiscard]] std::string integer_range_gbnf(std::optional<std::int64_t> least,
                                             std::optional<std::int64_t> most);

/// The same for numbers with an optional fraction, and no exponent, so short that the value of
/// the double nearest to it is in the range too. Empty when there is none, or when a bound has
/// more than 15 digits, an exclusive one more than 14.
[[nodiscard]] std::string number_range_gbnf(std::optional<NumberBound> least,
                                            std::optional<NumberBound> most);

}  // namespace hart::nn
