#include "common/duration.h"

#include <charconv>
#include <string>

#include "core/error.h"

namespace hart::cli {
namespace {

constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kDay = 86'400 * kSecond;
constexpr TimeUs kLongest = 10'000 * 365 * kDay;

TimeUs unit_of(std::string_view unit) noexcept {
  if (unit == "s") return kSecond;
  if (unit == "m") return 60 * kSecond;
  if (unit == "h") return 3'600 * kSecond;
  if (unit == "d") return kDay;
  if (unit == "w") return 7 * kDay;
  if (unit == "y") return 365 * kDay;
  return 0;
}

}  // namespace

TimeUs parse_duration(std::string_view text) {
  if (text == "0") return 0;
  TimeUs count = -1;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const TimeUs unit =
      unit_of({rest, static_cast<std::size_t>(text.data() + text.size() - rest)});
  if (error != std::errc{} || unit == 0 || count < 0 || count > kLongest / unit)
    throw Error{Fault::usage, "not a duration: '" + std::string{text} +
                                  "' (expected a number and s, m, h, d, w or y, as 30s or 7d)"};
  return count * unit;
}

}  // namespace hart::cli
