#include "prov/cypher/temporal.h"

#include <array>

#include "core/error.h"
#include "prov/cypher/calendar.h"
#include "prov/cypher/temporal_parts.h"
#include "prov/cypher/zone.h"

namespace hart::prov::cypher {

namespace {

void check_range(std::string_view what, std::int64_t value, std::int64_t low,
                 std::int64_t high) {
  if (value < low || value > high)
    throw Error{Fault::data, std::string{what} + " " + std::to_string(value) + " is not in " +
                                 std::to_string(low) + " to " + std::to_string(high)};
}

std::optional<Value> date_part(std::int64_t day, std::string_view name) {
  const CivilDate date = civil_of(day);
  const std::int64_t quarter = (date.month - 1) / 3;
  if (name == "year") return date.year;
  if (name == "quarter") return quarter + 1;
  if (name == "month") return date.month;
  if (name == "week") return week_of(day).week;
  if (name == "weekYear") return week_of(day).year;
  if (name == "day") return date.day;
  if (name == "ordinalDay") return day - days_of(CivilDate{date.year, 1, 1}) + 1;
  if (name == "weekDay" || name == "dayOfWeek") return day_of_week(day);
  if (name == "dayOfQuarter")
    return day - days_of(CivilDate{date.year, quarter * 3 + 1, 1}) + 1;
  return std::nullopt;
}

std::optional<Value> clock_part(std::int64_t nanosecond_of_day, std::string_view name) {
  const std::int64_t seconds = nanosecond_of_day / kNanosPerSecond;
  const std::int64_t nanoseconds = nanosecond_of_day % kNanosPerSecond;
  if (name == "hour") return seconds / 3'600;
  if (name == "minute") return seconds / 60 % 60;
  if (name == "second") return seconds % 60;
  if (name == "millisecond") return nanoseconds / 1'000'000;
  if (name == "microsecond") return nanoseconds / 1'000;
  if (name == "nanosecond") return nanoseconds;
  return std::nullopt;
}

std::optional<Value> offset_part(const Temporal& time, std::string_view name) {
  if (name == "timezone" && !time.zone.empty()) return Value{time.zone};
  if (name == "offset" || name == "timezone") return Value{offset_text(time.offset_s)};
  if (name == "offsetMinutes") return std::int64_t{time.offset_s / 60};
  if (name == "offsetSeconds") return std::int64_t{time.offset_s};
  if (!has_date(time.kind)) return std::nullopt;
  if (name == "epochSeconds") return epoch_seconds(time);
  if (name == "epochMillis") {
    std::int64_t millis = 0;
    if (__builtin_mul_overflow(epoch_seconds(time), 1'000, &millis))
      throw Error{Fault::data, "a part of a time leaves 64 bits"};
    return millis + time.nanosecond % kNanosPerSecond / 1'000'000;
  }
  return std::nullopt;
}

template <typename T> int sign_of_difference(T a, T b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

}  // namespace

std::optional<TemporalKind> temporal_kind(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 5> kNames{"datetime", "localdatetime", "date",
                                                          "time", "localtime"};
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (name == kNames[i]) return static_cast<TemporalKind>(i);
  return std::nullopt;
}

std::int64_t checked_date(CivilDate date) {
  check_range("year", date.year, -kMaxYear, kMaxYear);
  check_range("month", date.month, 1, 12);
  check_range("day", date.day, 1, days_in_month(date.year, date.month));
  return days_of(date);
}

std::int64_t checked_week_date(WeekDate date) {
  check_range("year", date.year, -kMaxYear, kMaxYear);
  check_range("week", date.week, 1, week_of(days_of(CivilDate{date.year, 12, 28})).week);
  check_range("dayOfWeek", date.day_of_week, 1, 7);
  return days_of(date);
}

std::int64_t checked_ordinal_date(std::int64_t year, std::int64_t day) {
  check_range("year", year, -kMaxYear, kMaxYear);
  const std::int64_t first = days_of(CivilDate{year, 1, 1});
  check_range("ordinalDay", day, 1, days_of(CivilDate{year + 1, 1, 1}) - first);
  return first + day - 1;
}

std::int64_t checked_clock(std::int64_t hour, std::int64_t minute, std::int64_t second,
                           std::int64_t nanosecond) {
  check_range("hour", hour, 0, 23);
  check_range("minute", minute, 0, 59);
  check_range("second", second, 0, 59);
  check_range("nanosecond", nanosecond, 0, kNanosPerSecond - 1);
  return (hour * 3'600 + minute * 60 + second) * kNanosPerSecond + nanosecond;
}

std::int64_t checked_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw Error{Fault::data, "a time leaves 64 bits"};
  return sum;
}

std::int64_t local_seconds(const Temporal& time) noexcept {
  return time.day * kSecondsPerDay + time.nanosecond / kNanosPerSecond;
}

std::int64_t epoch_seconds(const Temporal& time) noexcept {
  return local_seconds(time) - time.offset_s;
}

void set_instant(Temporal& time, std::int64_t utc_s, std::int64_t nanoseconds) {
  if (!time.zone.empty()) time.offset_s = zone_offset(time.zone, utc_s);
  const std::int64_t local = checked_sum(utc_s, time.offset_s);
  time.day = floor_divide(local, kSecondsPerDay);
  check_range("year", civil_of(time.day).year, -kMaxYear, kMaxYear);
  time.nanosecond = floor_modulo(local, kSecondsPerDay) * kNanosPerSecond + nanoseconds;
}

void refresh_offset(Temporal& time) {
  if (time.zone.empty()) return;
  time.offset_s = local_zone_offset(time.zone, local_seconds(time));
  // A local time that the zone leaves out moves to the one that it became.
  set_instant(time, epoch_seconds(time), time.nanosecond % kNanosPerSecond);
}

void set_zone(Temporal& time, std::string_view zone) {
  time.zone.clear();
  if (zone == "Z" || zone.starts_with('+') || zone.starts_with('-')) {
    time.offset_s = parse_offset(zone);
    return;
  }
  time.zone = std::string{zone};
  refresh_offset(time);
  if (!has_date(time.kind)) time.zone.clear();
}

Temporal convert_temporal(TemporalKind kind, const Temporal& source) {
  if (has_date(kind) && !has_date(source.kind))
    throw Error{Fault::data, "`" + temporal_text(source) + "` has no date"};
  if (!has_date(kind) && !has_time(source.kind))
    throw Error{Fault::data, "`" + temporal_text(source) + "` has no time of day"};
  Temporal time = source;
  time.kind = kind;
  if (!has_date(kind)) time.day = 0;
  if (!has_time(kind)) time.nanosecond = 0;
  if (!has_offset(kind)) time.offset_s = 0;
  if (kind != TemporalKind::datetime) time.zone.clear();
  return time;
}

Temporal from_epoch(std::int64_t seconds, std::int64_t nanoseconds) {
  Temporal time;
  time.kind = TemporalKind::datetime;
  set_instant(time, checked_sum(seconds, floor_divide(nanoseconds, kNanosPerSecond)),
              floor_modulo(nanoseconds, kNanosPerSecond));
  return time;
}

std::optional<Value> temporal_part(const Temporal& time, std::string_view name) {
  std::optional<Value> part;
  if (has_date(time.kind)) part = date_part(time.day, name);
  if (!part && has_time(time.kind)) part = clock_part(time.nanosecond, name);
  if (!part && has_offset(time.kind)) part = offset_part(time, name);
  return part;
}

int order_times(const Temporal& a, const Temporal& b) noexcept {
  if (const int second = sign_of_difference(epoch_seconds(a), epoch_seconds(b))) return second;
  if (const int part =
          sign_of_difference(a.nanosecond % kNanosPerSecond, b.nanosecond % kNanosPerSecond))
    return part;
  return sign_of_difference(a.offset_s, b.offset_s);
}

}  // namespace hart::prov::cypher
