#include "nn/json_schema_range.h"

#include <algorithm>
#include <vector>

#include "nn/json_schema_writer.h"

namespace hart::nn {
namespace {

/// Digits that an unbounded integer may have.
constexpr std::size_t kMostDigits = 16;
/// Decimal digits that a double always tells apart.
constexpr std::size_t kExactDigits = 15;

std::uint64_t magnitude(std::int64_t value) noexcept {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

std::string digit_class(char first, char last) {
  return first == last ? GbnfWriter::literal(std::string_view{&first, 1})
                       : std::string{"["} + first + "-" + last + "]";
}

std::string any_digits(std::size_t count) {
  return count == 0 ? "" : " [0-9]{" + std::to_string(count) + "}";
}

/// The digit strings from `least` to `most`, which have one length, not zero.
std::string digits_between(const std::string& least, const std::string& most) {
  const std::size_t rest = least.size() - 1;
  if (rest == 0) return digit_class(least[0], most[0]);
  const std::string below = least.substr(1), above = most.substr(1);
  const std::string zeros(rest, '0'), nines(rest, '9');
  if (least[0] == most[0]) {
    const std::string head = digit_class(least[0], least[0]) + " ";
    return head + (below == zeros && above == nines ? any_digits(rest).substr(1)
                                                    : digits_between(below, above));
  }
  char first = least[0], last = most[0];
  std::vector<std::string> parts;
  if (below != zeros)
    parts.push_back(digit_class(first, first) + " " + digits_between(below, nines)), ++first;
  if (above != nines)
    parts.push_back(digit_class(last, last) + " " + digits_between(zeros, above)), --last;
  if (first <= last) parts.push_back(digit_class(first, last) + any_digits(rest));
  return GbnfWriter::choice(parts);
}

/// Whole numbers from `least` to `most`; nothing when there are none.
std::string whole_between(std::uint64_t least, std::uint64_t most) {
  std::vector<std::string> parts;
  const std::string from = std::to_string(least), to = std::to_string(most);
  for (std::size_t length = from.size(); least <= most && length <= to.size(); ++length) {
    const std::string low = length == from.size() ? from : "1" + std::string(length - 1, '0');
    const std::string high = length == to.size() ? to : std::string(length, '9');
    parts.push_back(digits_between(low, high));
  }
  return parts.empty() ? "" : GbnfWriter::choice(parts);
}

std::uint64_t unbounded_above(std::uint64_t least) {
  const std::size_t digits = std::max(kMostDigits, std::to_string(least).size());
  return digits > 18 ? std::uint64_t{INT64_MAX} : std::stoull(std::string(digits, '9'));
}

std::string alternatives(const std::vector<std::string>& parts) {
  return parts.empty() ? "" : GbnfWriter::choice(parts);
}

/// The numbers, without a sign, between two bounds that are not negative.
std::string unsigned_between(std::uint64_t least, bool least_excluded,
                             std::optional<std::uint64_t> most, bool most_excluded) {
  const std::uint64_t last = most.value_or(unbounded_above(least));
  const std::size_t digits = std::to_string(most ? last : least).size();
  if (digits > kExactDigits) return {};
  if (digits == kExactDigits && (least_excluded || most_excluded)) return {};
  const std::size_t places = digits < kExactDigits ? kExactDigits - digits : 1;
  const std::string fraction = " (\".\" [0-9]{1," + std::to_string(places) + "})?";
  std::vector<std::string> parts;
  std::uint64_t from = least;
  if (least_excluded && (!most || least < last)) {
    parts.push_back(GbnfWriter::literal(std::to_string(least)) + " \".\" [0-9]{0," +
                    std::to_string(places - 1) + "} [1-9]");
    ++from;
  }
  // Below the last whole number any fraction may follow.
  const std::string whole =
      most && last == 0 ? "" : whole_between(from, most ? last - 1 : last);
  if (!whole.empty()) parts.push_back(whole + fraction);
  if (most && !most_excluded && (last > least || !least_excluded) && last >= least)
    parts.push_back(GbnfWriter::literal(std::to_string(last)) + " (\".\" \"0\"{1," +
                    std::to_string(places) + "})?");
  return alternatives(parts);
}

}  // namespace

std::string integer_range_gbnf(std::optional<std::int64_t> least,
                               std::optional<std::int64_t> most) {
  std::vector<std::string> parts;
  if (!most || *most >= 0) {
    const std::uint64_t from = least && *least > 0 ? magnitude(*least) : 0;
    const std::string part =
        whole_between(from, most ? magnitude(*most) : unbounded_above(from));
    if (!part.empty()) parts.push_back(part);
  }
  if (!least || *least < 0) {
    const std::uint64_t from = most && *most < 0 ? magnitude(*most) : 1;
    const std::string part =
        whole_between(from, least ? magnitude(*least) : unbounded_above(from));
    if (!part.empty()) parts.push_back("\"-\" " + part);
  }
  return alternatives(parts);
}

std::string number_range_gbnf(std::optional<NumberBound> least,
                              std::optional<NumberBound> most) {
  const auto size_of = [](const std::optional<NumberBound>& bound) {
    return bound ? std::optional{magnitude(bound->value)} : std::nullopt;
  };
  std::vector<std::string> parts;
  const bool least_excluded = least && least->is_exclusive;
  const bool most_excluded = most && most->is_exclusive;
  if (!most || most->value >= 0) {
    const bool above_zero = least && least->value >= 0;
    const std::string part =
        unsigned_between(above_zero ? magnitude(least->value) : 0, above_zero && least_excluded,
                         size_of(most), most_excluded);
    if (!part.empty()) parts.push_back(part);
  }
  if (!least || least->value < 0) {
    // Less than zero: "-0" is left out.
    const bool below_zero = most && most->value < 0;
    const std::string part =
        unsigned_between(below_zero ? magnitude(most->value) : 0, !below_zero || most_excluded,
                         size_of(least), least_excluded);
    if (!part.empty()) parts.push_back("\"-\" " + part);
  }
  return alternatives(parts);
}

}  // namespace hart::nn
