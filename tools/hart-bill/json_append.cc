#include "json_append.h"

#include <algorithm>

#include "core/json.h"

namespace hart::cli {
namespace {

constexpr TimeUs kDayUs = 86'400'000'000;

/// Appends `value` with `width` digits.
void append_digits(std::string& out, std::int64_t value, int width) {
  char digits[8];
  for (int i = width; i-- > 0; value /= 10) digits[i] = static_cast<char>('0' + value % 10);
  out.append(digits, static_cast<std::size_t>(width));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const bool plain = std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
  });
  if (!plain) {
    out += dump_json(Json(std::string{text}));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

void TimeWriter::append(std::string& out, TimeUs time) {
  if (time / kDayUs != day_) {
    day_ = time / kDayUs;
    date_ = format_time(time).substr(0, 11);
  }
  const std::int64_t seconds = time % kDayUs / 1'000'000;
  out += date_;
  append_digits(out, seconds / 3600, 2);
  out += ':';
  append_digits(out, seconds / 60 % 60, 2);
  out += ':';
  append_digits(out, seconds % 60, 2);
  out += '.';
  append_digits(out, time % 1'000'000, 6);
  out += 'Z';
}

}  // namespace hart::cli
