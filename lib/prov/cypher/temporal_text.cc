#include <algorithm>
#include <cctype>

#include "core/error.h"
#include "prov/cypher/calendar.h"
#include "prov/cypher/temporal.h"
#include "prov/cypher/temporal_parts.h"
#include "prov/cypher/zone.h"

namespace hart::prov::cypher {

namespace {

std::string padded(std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number < 0 ? -number : number);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return number < 0 ? "-" + digits : digits;
}

/// ".000000003" without the zeros at its end, or nothing.
std::string fraction_text(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return {};
  std::string digits = padded(nanoseconds, 9);
  digits.erase(digits.find_last_not_of('0') + 1);
  return "." + digits;
}

std::string date_text(std::int64_t day) {
  const CivilDate date = civil_of(day);
  return (date.year > 9'999 ? "+" : "") + padded(date.year, 4) + "-" + padded(date.month, 2) +
         "-" + padded(date.day, 2);
}

std::string clock_text(std::int64_t nanosecond_of_day) {
  const std::int64_t seconds = nanosecond_of_day / kNanosPerSecond;
  const std::int64_t nanoseconds = nanosecond_of_day % kNanosPerSecond;
  std::string text = padded(seconds / 3'600, 2) + ":" + padded(seconds / 60 % 60, 2);
  if (seconds % 60 != 0 || nanoseconds != 0) text += ":" + padded(seconds % 60, 2);
  return text + fraction_text(nanoseconds);
}

/// Reads from the front of a text.
class TimeReader {
 public:
  TimeReader(TemporalKind kind, std::string_view text) : kind_{kind}, text_{text} {}

  Temporal read() {
    Temporal time{kind_, 0, 0, 0, {}};
    if (has_date(kind_)) time.day = date();
    if (has_time(kind_) && (!has_date(kind_) || skip('T'))) time.nanosecond = clock();
    if (has_offset(kind_)) zone(time);
    if (at_ != text_.size()) refuse();
    return time;
  }

  std::int64_t date();
  std::int64_t clock();
  [[nodiscard]] std::size_t position() const { return at_; }
  [[noreturn]] void refuse() const {
    throw Error{Fault::data,
                "`" + std::string{text_} + "` is not " +
                    std::string{kind_name(static_cast<Kind>(static_cast<int>(Kind::datetime) +
                                                            static_cast<int>(kind_)))} +
                    " of ISO 8601, from byte " + std::to_string(at_ + 1)};
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool skip(char expected) {
    if (peek() != expected) return false;
    ++at_;
    return true;
  }
  std::size_t digits_ahead() const {
    std::size_t end = at_;
    while (end < text_.size() && std::isdigit(static_cast<unsigned char>(text_[end])) != 0)
      ++end;
    return end - at_;
  }
  std::int64_t number(std::size_t digits) {
    if (digits == 0 || digits > 9 || digits_ahead() < digits) refuse();
    std::int64_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + (text_[at_++] - '0');
    return value;
  }
  std::int64_t fraction();
  void zone(Temporal& time);

  TemporalKind kind_;
  std::string_view text_;
  std::size_t at_ = 0;
};

std::int64_t TimeReader::date() {
  const bool negative = skip('-');
  const bool has_sign = negative || skip('+');
  const std::int64_t magnitude =
      number(has_sign ? digits_ahead() : std::min<std::size_t>(4, digits_ahead()));
  const std::int64_t year = negative ? -magnitude : magnitude;
  const bool dashed = skip('-');
  if (skip('W')) {
    const std::int64_t week = number(2);
    if (dashed && !skip('-')) return checked_week_date({year, week, 1});
    return checked_week_date({year, week, digits_ahead() > 0 ? number(1) : 1});
  }
  const std::size_t digits = digits_ahead();
  if (digits == 0 && !dashed) return checked_date({year, 1, 1});
  if (digits == 3) return checked_ordinal_date(year, number(3));
  const std::int64_t month = number(2);
  if (dashed ? skip('-') : digits_ahead() > 0) return checked_date({year, month, number(2)});
  return checked_date({year, month, 1});
}

std::int64_t TimeReader::fraction() {
  if (!skip('.') && !skip(',')) return 0;
  const std::size_t digits = std::min<std::size_t>(9, digits_ahead());
  std::int64_t value = number(digits);
  for (std::size_t i = digits; i < 9; ++i) value *= 10;
  return value;
}

std::int64_t TimeReader::clock() {
  const std::int64_t hour = number(2);
  std::int64_t minute = 0, second = 0, nanosecond = 0;
  const bool colons = skip(':');
  if (colons || digits_ahead() > 0) {
    minute = number(2);
    if (colons ? skip(':') : digits_ahead() > 0) {
      second = number(2);
      nanosecond = fraction();
    }
  }
  return checked_clock(hour, minute, second, nanosecond);
}

void TimeReader::zone(Temporal& time) {
  bool has_offset_text = skip('Z');
  if (!has_offset_text && (peek() == '+' || peek() == '-')) {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '[') ++at_;
    time.offset_s = parse_offset(text_.substr(start, at_ - start));
    has_offset_text = true;
  }
  if (!has_date(kind_) || !skip('[')) return;
  const std::size_t close = text_.find(']', at_);
  if (close == std::string_view::npos) refuse();
  time.zone = std::string{text_.substr(at_, close - at_)};
  at_ = close + 1;
  const std::int64_t local = local_seconds(time);
  if (!has_offset_text || zone_offset(time.zone, local - time.offset_s) != time.offset_s)
    time.offset_s = local_zone_offset(time.zone, local);
}

/// "P1Y2M3W4DT5H6M7.8S", each number with its sign and fraction.
class DurationReader {
 public:
  explicit DurationReader(std::string_view text) : text_{text} {}

  Duration read() {
    const bool negative = skip('-');
    if (!skip('P') || at_ == text_.size()) refuse();
    if (text_.find('-', at_ + 1) != std::string_view::npos && is_date_form())
      return date_form();
    while (at_ < text_.size()) {
      if (skip('T')) in_time_ = true;
      part();
    }
    const Duration duration = make_duration(months_, days_, seconds_, 0);
    return negative ? negate(duration) : duration;
  }

 private:
  bool skip(char expected) {
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }
  [[noreturn]] void refuse() const {
    throw Error{Fault::data, "`" + std::string{text_} +
                                 "` is not a duration of ISO 8601, from byte " +
                                 std::to_string(at_ + 1)};
  }
  bool is_date_form() const {
    return text_.find_first_of("YMWDHS", at_) == std::string_view::npos;
  }
  Duration date_form() {
    const Temporal time = parse_temporal(TemporalKind::localdatetime, text_.substr(at_));
    const CivilDate date = civil_of(time.day);
    return {date.year * 12 + date.month, date.day, time.nanosecond / kNanosPerSecond,
            time.nanosecond % kNanosPerSecond};
  }
  void part();

  std::string_view text_;
  std::size_t at_ = 0;
  bool in_time_ = false;
  long double months_ = 0, days_ = 0, seconds_ = 0;
};

void DurationReader::part() {
  const bool negative = skip('-');
  if (!negative) skip('+');
  const std::size_t start = at_;
  long double value = 0, scale = 1;
  bool in_fraction = false;
  for (; at_ < text_.size() && at_ - start < 30; ++at_) {
    const char c = text_[at_];
    if (c == '.' && !in_fraction) {
      in_fraction = true;
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      value = value * 10 + (c - '0');
      if (in_fraction) scale *= 10;
    } else {
      break;
    }
  }
  if (at_ == start || at_ >= text_.size()) refuse();
  value = negative ? -value / scale : value / scale;
  switch (text_[at_++]) {
    case 'Y':
      months_ += in_time_ ? (refuse(), 0) : value * 12;
      return;
    case 'M':
      (in_time_ ? seconds_ : months_) += in_time_ ? value * 60 : value;
      return;
    case 'W':
      days_ += value * 7;
      return;
    case 'D':
      days_ += value;
      return;
    case 'H':
      seconds_ += value * 3'600;
      return;
    case 'S':
      seconds_ += value;
      return;
    default:
      --at_;
      refuse();
  }
}

}  // namespace

Temporal parse_temporal(TemporalKind kind, std::string_view text) {
  return TimeReader{kind, text}.read();
}

Duration parse_duration(std::string_view text) {
  return DurationReader{text}.read();
}

std::int32_t parse_offset(std::string_view text) {
  const auto refuse = [&]() -> std::int32_t {
    throw Error{Fault::data, "`" + std::string{text} + "` is not an offset such as +01:00"};
  };
  if (text == "Z") return 0;
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return refuse();
  std::string digits;
  for (const char c : text.substr(1)) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0)
      digits += c;
    else if (c != ':')
      return refuse();
  }
  if (digits.size() == 1) digits.insert(0, 1, '0');
  if (digits.size() % 2 != 0 || digits.size() > 6) return refuse();
  digits.resize(6, '0');
  const std::int32_t seconds = std::stoi(digits.substr(0, 2)) * 3'600 +
                               std::stoi(digits.substr(2, 2)) * 60 +
                               std::stoi(digits.substr(4));
  if (seconds > 18 * 3'600) return refuse();
  return text[0] == '-' ? -seconds : seconds;
}

std::string offset_text(std::int32_t offset_s) {
  if (offset_s == 0) return "Z";
  const std::int32_t magnitude = std::abs(offset_s);
  std::string text = (offset_s < 0 ? "-" : "+") + padded(magnitude / 3'600, 2) + ":" +
                     padded(magnitude / 60 % 60, 2);
  if (magnitude % 60 != 0) text += ":" + padded(magnitude % 60, 2);
  return text;
}

std::string temporal_text(const Temporal& time) {
  std::string text;
  if (has_date(time.kind)) text += date_text(time.day);
  if (time.kind == TemporalKind::date) return text;
  if (has_date(time.kind)) text += "T";
  text += clock_text(time.nanosecond);
  if (has_offset(time.kind)) text += offset_text(time.offset_s);
  if (!time.zone.empty()) text += "[" + time.zone + "]";
  return text;
}

std::string duration_text(const Duration& duration) {
  std::string text = "P";
  const auto part = [&](std::int64_t amount, char unit) {
    if (amount != 0) text += std::to_string(amount) + unit;
  };
  part(duration.months / 12, 'Y');
  part(duration.months % 12, 'M');
  part(duration.days, 'D');
  if (duration.seconds != 0 || duration.nanoseconds != 0) {
    // Every part shows the sign of the whole.
    const bool negative = duration.seconds < 0;
    const bool borrows = negative && duration.nanoseconds != 0;
    const std::int64_t seconds = duration.seconds + (borrows ? 1 : 0);
    const std::int64_t nanoseconds =
        borrows ? kNanosPerSecond - duration.nanoseconds : duration.nanoseconds;
    text += "T";
    part(seconds / 3'600, 'H');
    part(seconds / 60 % 60, 'M');
    if (seconds % 60 != 0 || nanoseconds != 0)
      text += (negative ? "-" : "") + std::to_string(std::abs(seconds % 60)) +
              fraction_text(nanoseconds) + "S";
  }
  return text == "P" ? "PT0S" : text;
}

}  // namespace hart::prov::cypher
