#include "core/clock.h"

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

#include "core/error.h"

namespace hart {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kEndOfYear9999 = 253'402'300'800 * kMicrosPerSecond;

/// Reads `count` decimal digits at `at`; false when they are not all there.
bool read_digits(std::string_view text, std::size_t at, std::size_t count, int& value) {
  if (at + count > text.size()) return false;
  const char* first = text.data() + at;
  const auto [end, error] = std::from_chars(first, first + count, value);
  return error == std::errc{} && end == first + count && *first != '-';
}

bool read_date(std::string_view text, std::chrono::year_month_day& date) {
  int year = 0;
  int month = 0;
  int day = 1;
  if (!read_digits(text, 0, 4, year) || text.size() < 7 || text[4] != '-' ||
      !read_digits(text, 5, 2, month))
    return false;
  if (text.size() > 7 && (text[7] != '-' || !read_digits(text, 8, 2, day))) return false;
  date = std::chrono::year{year} / month / day;
  return date.ok() && year >= 1970;
}

/// Reads what follows the seconds: a fraction and an offset. The result is what to add, in µs.
bool read_fraction_and_offset(std::string_view rest, std::int64_t& add_us) {
  add_us = 0;
  if (rest.starts_with('.')) {
    std::size_t digits = 0;
    std::int64_t scale = kMicrosPerSecond;
    while (digits + 1 < rest.size() && rest[digits + 1] >= '0' && rest[digits + 1] <= '9') {
      scale /= 10;
      add_us += (rest[digits + 1] - '0') * scale;
      ++digits;
    }
    if (digits == 0 || digits > 6) return false;
    rest.remove_prefix(digits + 1);
  }
  if (rest == "Z" || rest == "z") return true;
  int hours = 0;
  int minutes = 0;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':' ||
      !read_digits(rest, 1, 2, hours) || !read_digits(rest, 4, 2, minutes) || hours > 23 ||
      minutes > 59)
    return false;
  const std::int64_t offset = (hours * 60 + minutes) * 60 * kMicrosPerSecond;
  add_us -= rest[0] == '+' ? offset : -offset;
  return true;
}

}  // namespace

TimeUs now_us() noexcept {
  static std::atomic<TimeUs> latest{0};
  const TimeUs now = std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
  TimeUs seen = latest.load();
  while (seen < now && !latest.compare_exchange_weak(seen, now)) {
  }
  return seen < now ? now : seen;
}

double steady_seconds() noexcept {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string format_time(TimeUs time) {
  const std::time_t seconds = time / kMicrosPerSecond;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(time % kMicrosPerSecond));
  return text;
}

TimeUs parse_time(std::string_view text) {
  const auto refuse = [&]() -> TimeUs {
    throw Error{Fault::data, "'" + std::string{text} +
                                 "' is not a time; expected RFC 3339, as 2026-01-31T09:30:00Z"};
  };
  std::chrono::year_month_day date;
  if (!read_date(text.substr(0, 10), date)) return refuse();
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  std::int64_t seconds = days * 86'400;
  if (text.size() <= 10) return seconds * kMicrosPerSecond;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if ((text[10] != 'T' && text[10] != 't' && text[10] != ' ') ||
      !read_digits(text, 11, 2, hour) || text.size() < 20 || text[13] != ':' ||
      !read_digits(text, 14, 2, minute) || text[16] != ':' || !read_digits(text, 17, 2, second))
    return refuse();
  std::int64_t add_us = 0;
  if (hour > 23 || minute > 59 || second > 60 ||
      !read_fraction_and_offset(text.substr(19), add_us))
    return refuse();
  seconds += hour * 3600 + minute * 60 + second;
  const TimeUs time = seconds * kMicrosPerSecond + add_us;
  // An offset or a leap second can carry the instant out of the years that format_time writes.
  return time < 0 || time >= kEndOfYear9999 ? refuse() : time;
}

}  // namespace hart
