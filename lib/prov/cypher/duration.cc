#include <cmath>

#include "core/error.h"
#include "prov/cypher/calendar.h"
#include "prov/cypher/temporal.h"
#include "prov/cypher/temporal_parts.h"
#include "prov/cypher/zone.h"

namespace hart::prov::cypher {

namespace {

constexpr long double kSecondsPerMonth =
    2'629'746;  // a 400-year cycle of days over 4 800 months

using Wide = __int128;

std::int64_t whole(long double value) {
  if (!(std::abs(value) < 9.2e18L)) throw Error{Fault::data, "a duration leaves 64 bits"};
  return static_cast<std::int64_t>(value);
}

Duration with_exact_time(std::int64_t months, std::int64_t days, Wide nanoseconds) {
  Wide seconds = nanoseconds / kNanosPerSecond;
  Wide rest = nanoseconds % kNanosPerSecond;
  if (rest < 0) {
    rest += kNanosPerSecond;
    --seconds;
  }
  if (seconds > INT64_MAX || seconds < INT64_MIN + 1)
    throw Error{Fault::data, "a duration leaves 64 bits"};
  return {months, days, static_cast<std::int64_t>(seconds), static_cast<std::int64_t>(rest)};
}

Wide instant_nanos(const Temporal& time) {
  return static_cast<Wide>(epoch_seconds(time)) * kNanosPerSecond +
         time.nanosecond % kNanosPerSecond;
}

/// Completes two times from each other, so that both are datetimes of one zone.
void align(Temporal& a, Temporal& b) {
  const bool dates = has_date(a.kind) && has_date(b.kind);
  if (!dates) {
    if (has_date(a.kind))
      b.day = a.day;
    else if (has_date(b.kind))
      a.day = b.day;
  }
  const bool a_zoned = has_offset(a.kind);
  const bool b_zoned = has_offset(b.kind);
  a.kind = b.kind = TemporalKind::datetime;
  const auto adopt = [](Temporal& time, const Temporal& other) {
    time.offset_s = other.offset_s;
    time.zone = other.zone;
    refresh_offset(time);
  };
  if (a_zoned && !b_zoned) adopt(b, a);
  if (b_zoned && !a_zoned) adopt(a, b);
  if (a_zoned && b_zoned && dates) {
    const std::int64_t instant = epoch_seconds(b);
    b.zone = a.zone;
    b.offset_s = a.offset_s;
    set_instant(b, instant, b.nanosecond % kNanosPerSecond);
  }
}

/// `time` with the day replaced, at the offset that its zone has then.
Temporal on_day(Temporal time, std::int64_t day) {
  time.day = day;
  refresh_offset(time);
  return time;
}

/// The most months, towards zero, that lead from `a` to no further than `b`.
std::int64_t whole_months(const Temporal& a, const Temporal& b) {
  const CivilDate from = civil_of(a.day);
  const CivilDate to = civil_of(b.day);
  std::int64_t months = (to.year - from.year) * 12 + to.month - from.month;
  const Wide from_part = static_cast<Wide>(from.day) * kNanosPerDay + a.nanosecond;
  const Wide to_part = static_cast<Wide>(to.day) * kNanosPerDay + b.nanosecond;
  if (months > 0 && to_part < from_part) --months;
  if (months < 0 && to_part > from_part) ++months;
  return months;
}

std::int64_t whole_days(const Temporal& a, const Temporal& b) {
  std::int64_t days = b.day - a.day;
  if (days > 0 && b.nanosecond < a.nanosecond) --days;
  if (days < 0 && b.nanosecond > a.nanosecond) ++days;
  return days;
}

}  // namespace

Duration make_duration(long double months, long double days, long double seconds,
                       long double nanoseconds) {
  const std::int64_t whole_month = whole(months);
  // What a fraction of a month leaves beyond whole days is rounded to nanoseconds, which
  // 0.1 and its like do not have exactly.
  const long double month_seconds = (months - whole_month) * kSecondsPerMonth;
  const std::int64_t month_days = whole(month_seconds / kSecondsPerDay);
  const std::int64_t whole_day = whole(days);
  const long double rest_s =
      month_seconds - month_days * kSecondsPerDay + (days - whole_day) * kSecondsPerDay;
  const std::int64_t whole_second = whole(seconds);
  const long double rest_ns =
      (rest_s + (seconds - whole_second)) * kNanosPerSecond + nanoseconds;
  const Wide total = static_cast<Wide>(whole_second) * kNanosPerSecond +
                     whole(std::trunc(rest_ns + (rest_ns < 0 ? -1e-4L : 1e-4L)));
  return with_exact_time(whole_month, checked_sum(whole_day, month_days), total);
}

Duration negate(const Duration& duration) {
  if (duration.months == INT64_MIN || duration.days == INT64_MIN)
    throw Error{Fault::data, "a duration leaves 64 bits"};
  return with_exact_time(
      -duration.months, -duration.days,
      -(static_cast<Wide>(duration.seconds) * kNanosPerSecond + duration.nanoseconds));
}

Duration add(const Duration& a, const Duration& b) {
  return with_exact_time(checked_sum(a.months, b.months), checked_sum(a.days, b.days),
                         (static_cast<Wide>(a.seconds) + b.seconds) * kNanosPerSecond +
                             a.nanoseconds + b.nanoseconds);
}

Duration multiply(const Duration& duration, double factor) {
  return make_duration(duration.months * static_cast<long double>(factor),
                       duration.days * static_cast<long double>(factor),
                       duration.seconds * static_cast<long double>(factor),
                       duration.nanoseconds * static_cast<long double>(factor));
}

Temporal add(const Temporal& time, const Duration& duration) {
  Temporal sum = time;
  if (has_date(time.kind)) {
    constexpr std::int64_t kMostMonths = 24 * (std::int64_t{kMaxYear} + 1);
    constexpr std::int64_t kMostDays = kMostMonths * 31;
    if (std::abs(static_cast<long double>(duration.months)) > kMostMonths ||
        std::abs(static_cast<long double>(duration.days)) > kMostDays)
      throw Error{Fault::data, "a date leaves the years that it can have"};
    sum.day = add_months(sum.day, duration.months) + duration.days;
    if (time.kind == TemporalKind::date) sum.day += duration.seconds / kSecondsPerDay;
    refresh_offset(sum);
  }
  if (has_time(time.kind)) {
    const std::int64_t fraction = sum.nanosecond % kNanosPerSecond + duration.nanoseconds;
    const std::int64_t seconds = checked_sum(
        epoch_seconds(sum), checked_sum(duration.seconds, fraction / kNanosPerSecond));
    set_instant(sum, seconds, fraction % kNanosPerSecond);
    if (!has_date(time.kind)) sum.day = 0;
  }
  (void)checked_date(civil_of(sum.day));
  return sum;
}

Duration duration_between(DurationUnit unit, const Temporal& from, const Temporal& to) {
  Temporal a = from;
  Temporal b = to;
  align(a, b);
  switch (unit) {
    case DurationUnit::months:
      return {whole_months(a, b), 0, 0, 0};
    case DurationUnit::days:
      return {0, whole_days(a, b), 0, 0};
    case DurationUnit::seconds:
      return with_exact_time(0, 0, instant_nanos(b) - instant_nanos(a));
    case DurationUnit::between:
      break;
  }
  const std::int64_t months = whole_months(a, b);
  const Temporal after_months = on_day(a, add_months(a.day, months));
  const std::int64_t days = whole_days(after_months, b);
  const Temporal after_days = on_day(after_months, after_months.day + days);
  return with_exact_time(months, days, instant_nanos(b) - instant_nanos(after_days));
}

std::optional<Value> duration_part(const Duration& duration, std::string_view name) {
  const std::int64_t months = duration.months;
  const std::int64_t seconds = duration.seconds;
  const auto scaled = [&](std::int64_t units) -> Value {
    const Wide value =
        static_cast<Wide>(seconds) * units + duration.nanoseconds / (kNanosPerSecond / units);
    if (value > INT64_MAX || value < INT64_MIN)
      throw Error{Fault::data, "a part of a duration leaves 64 bits"};
    return static_cast<std::int64_t>(value);
  };
  if (name == "years") return months / 12;
  if (name == "quarters") return months / 3;
  if (name == "months") return months;
  if (name == "weeks") return duration.days / 7;
  if (name == "days") return duration.days;
  if (name == "hours") return seconds / 3'600;
  if (name == "minutes") return seconds / 60;
  if (name == "seconds") return seconds;
  if (name == "milliseconds") return scaled(1'000);
  if (name == "microseconds") return scaled(1'000'000);
  if (name == "nanoseconds") return scaled(kNanosPerSecond);
  if (name == "quartersOfYear") return months / 3 % 4;
  if (name == "monthsOfQuarter") return months % 3;
  if (name == "monthsOfYear") return months % 12;
  if (name == "daysOfWeek") return duration.days % 7;
  if (name == "minutesOfHour") return seconds / 60 % 60;
  if (name == "secondsOfMinute") return seconds % 60;
  if (name == "millisecondsOfSecond") return duration.nanoseconds / 1'000'000;
  if (name == "microsecondsOfSecond") return duration.nanoseconds / 1'000;
  if (name == "nanosecondsOfSecond") return duration.nanoseconds;
  return std::nullopt;
}

int order_durations(const Duration& a, const Duration& b) noexcept {
  const auto length = [](const Duration& d) {
    return d.months * kSecondsPerMonth + static_cast<long double>(d.days) * kSecondsPerDay +
           static_cast<long double>(d.seconds) + d.nanoseconds * 1e-9L;
  };
  const auto sign = [](auto x, auto y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (const int total = sign(length(a), length(b))) return total;
  if (const int part = sign(a.months, b.months)) return part;
  if (const int part = sign(a.days, b.days)) return part;
  if (const int part = sign(a.seconds, b.seconds)) return part;
  return sign(a.nanoseconds, b.nanoseconds);
}

}  // namespace hart::prov::cypher
