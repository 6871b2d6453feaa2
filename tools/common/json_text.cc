#include "common/json_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/json.h"

namespace hart::cli {

void append_rounded(std::string& text, double value) {
  constexpr std::uint64_t kMillion = 1'000'000;
  const double millionths = std::round(value * static_cast<double>(kMillion));
  const double magnitude = std::abs(millionths);
  // Outside, JSON writers turn to exponents; zero, infinity and NaN are outside, too.
  if (!(magnitude >= 100 && magnitude < 1e15)) {
    text += dump_json(millionths / static_cast<double>(kMillion));
    return;
  }
  const auto n = static_cast<std::uint64_t>(magnitude);
  char buffer[32];
  char* at = buffer;
  if (millionths < 0) *at++ = '-';
  at = std::to_chars(at, buffer + sizeof buffer, n / kMillion).ptr;
  *at++ = '.';
  std::uint64_t rest = n % kMillion;
  for (std::uint64_t unit = kMillion / 10; unit > 0; unit /= 10) {
    *at++ = static_cast<char>('0' + rest / unit);
    rest %= unit;
    if (rest == 0) break;
  }
  text.append(buffer, at);
}

void append_string(std::string& text, std::string_view value) {
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return c >= ' ' && c != '"' && c != '\\' && c != '\x7f';
  });
  if (!plain) {
    text += dump_json(value);
    return;
  }
  text += '"';
  text += value;
  text += '"';
}

void append_id(std::string& text, const Id& id) {
  constexpr char kDigits[] = "0123456789abcdef";
  char buffer[2 * sizeof id.hash + 1];
  char* at = buffer;
  for (const std::uint8_t byte : id.hash) {
    *at++ = kDigits[byte >> 4];
    *at++ = kDigits[byte & 15];
  }
  *at++ = '"';
  text += '"';
  text += id_space_prefix(id.space);
  text.append(buffer, at);
}

}  // namespace hart::cli
