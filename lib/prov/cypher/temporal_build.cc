#include <array>
#include <cmath>

#include "core/error.h"
#include "prov/cypher/calendar.h"
#include "prov/cypher/temporal.h"
#include "prov/cypher/temporal_parts.h"

namespace hart::prov::cypher {

namespace {

/// The named parts of a map, each an integer, over a base that other values give.
class PartReader {
 public:
  explicit PartReader(const Map& parts) : parts_{parts} {}

  [[nodiscard]] bool has(std::string_view name) const {
    return parts_.find(name) != parts_.end();
  }

  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t fallback) const {
    const auto part = parts_.find(name);
    if (part == parts_.end()) return fallback;
    if (part->second.kind() != Kind::integer)
      throw Error{Fault::data, "`" + std::string{name} + "` needs an integer, not " +
                                   std::string{kind_name(part->second.kind())}};
    return part->second.integer();
  }

  [[nodiscard]] const Temporal* temporal(std::string_view name) const {
    const auto part = parts_.find(name);
    if (part == parts_.end()) return nullptr;
    if (!part->second.is_temporal())
      throw Error{Fault::data, "`" + std::string{name} + "` needs a date or a time, not " +
                                   std::string{kind_name(part->second.kind())}};
    return &part->second.temporal();
  }

  [[nodiscard]] const std::string* zone() const {
    const auto part = parts_.find(std::string_view{"timezone"});
    if (part == parts_.end()) return nullptr;
    if (part->second.kind() != Kind::string)
      throw Error{Fault::data, "`timezone` needs a string, not " +
                                   std::string{kind_name(part->second.kind())}};
    return &part->second.string();
  }

 private:
  const Map& parts_;
};

void refuse_unknown_parts(const Map& parts) {
  static constexpr std::array<std::string_view, 18> kNames{
      "date",   "time",   "datetime",    "year",        "quarter",      "month",
      "week",   "day",    "ordinalDay",  "dayOfWeek",   "dayOfQuarter", "hour",
      "minute", "second", "millisecond", "microsecond", "nanosecond",   "timezone"};
  for (const auto& [name, part] : parts) {
    bool known = false;
    for (const std::string_view one : kNames) known = known || name == one;
    if (!known) throw Error{Fault::data, "`" + name + "` is not a part of a date or a time"};
  }
}

std::int64_t quarter_day(const PartReader& parts, CivilDate base, std::int64_t base_day,
                         bool has_base) {
  const std::int64_t quarter = parts.integer("quarter", (base.month - 1) / 3 + 1);
  if (quarter < 1 || quarter > 4)
    throw Error{Fault::data, "quarter " + std::to_string(quarter) + " is not in 1 to 4"};
  const std::int64_t year = parts.integer("year", base.year);
  const std::int64_t first = checked_date({year, quarter * 3 - 2, 1});
  if (parts.has("dayOfQuarter") || !has_base) {
    const std::int64_t day = parts.integer("dayOfQuarter", 1);
    if (day < 1 || day > 92)
      throw Error{Fault::data, "dayOfQuarter " + std::to_string(day) + " is not in 1 to 92"};
    return first + day - 1;
  }
  const CivilDate date = civil_of(base_day);
  return checked_date(
      {year, quarter * 3 - 2 + (date.month - 1) % 3, parts.integer("day", date.day)});
}

std::int64_t build_day(const PartReader& parts, const Temporal* base) {
  if (base != nullptr && !has_date(base->kind))
    throw Error{Fault::data, "`" + temporal_text(*base) + "` has no date"};
  const std::int64_t base_day = base != nullptr ? base->day : 0;
  const CivilDate date = base != nullptr ? civil_of(base_day) : CivilDate{1970, 1, 1};
  if (base == nullptr && !parts.has("year"))
    throw Error{Fault::data, "a date needs at least a `year`"};
  if (parts.has("week") || (parts.has("dayOfWeek") && !parts.has("day"))) {
    const WeekDate week = base != nullptr ? week_of(base_day) : WeekDate{1970, 1, 1};
    return checked_week_date({parts.integer("year", week.year),
                              parts.integer("week", week.week),
                              parts.integer("dayOfWeek", week.day_of_week)});
  }
  const std::int64_t year = parts.integer("year", date.year);
  if (parts.has("ordinalDay"))
    return checked_ordinal_date(year, parts.integer("ordinalDay", 1));
  if (parts.has("quarter") || parts.has("dayOfQuarter"))
    return quarter_day(parts, date, base_day, base != nullptr);
  return checked_date(
      {year, parts.integer("month", date.month), parts.integer("day", date.day)});
}

/// `adds`: sub-seconds come on top of those of the base, as truncation has it.
std::int64_t build_clock(const PartReader& parts, const Temporal* base, bool adds) {
  const std::int64_t nanosecond = base != nullptr ? base->nanosecond : 0;
  const std::int64_t seconds = nanosecond / kNanosPerSecond;
  std::int64_t fraction = nanosecond % kNanosPerSecond;
  if (parts.has("millisecond") || parts.has("microsecond") || parts.has("nanosecond")) {
    const auto limited = [&](std::string_view name, std::int64_t limit) {
      const std::int64_t value = parts.integer(name, 0);
      if (value < 0 || value >= limit)
        throw Error{Fault::data, std::string{name} + " " + std::to_string(value) +
                                     " is not below " + std::to_string(limit)};
      return value;
    };
    fraction = (adds ? fraction : 0) + limited("millisecond", 1'000) * 1'000'000 +
               limited("microsecond", 1'000'000) * 1'000 +
               limited("nanosecond", kNanosPerSecond);
  }
  return checked_clock(parts.integer("hour", seconds / 3'600),
                       parts.integer("minute", seconds / 60 % 60),
                       parts.integer("second", seconds % 60), fraction);
}

/// The same instant in another zone; without a date, the same time of day.
void move_to_zone(Temporal& time, const std::string& zone) {
  const std::int32_t before = time.offset_s;
  const std::int64_t fraction = time.nanosecond % kNanosPerSecond;
  const std::int64_t instant = epoch_seconds(time);
  set_zone(time, zone);
  if (has_date(time.kind)) {
    set_instant(time, instant, fraction);
    return;
  }
  const std::int64_t seconds = time.nanosecond / kNanosPerSecond - before + time.offset_s;
  time.nanosecond = floor_modulo(seconds, kSecondsPerDay) * kNanosPerSecond + fraction;
}

enum class ZoneChange : std::uint8_t { moves, relabels };

Temporal build(TemporalKind kind, const Map& map, const Temporal* date_base,
               const Temporal* time_base, ZoneChange change) {
  refuse_unknown_parts(map);
  const PartReader parts{map};
  Temporal time;
  time.kind = kind;
  if (has_date(kind)) time.day = build_day(parts, date_base);
  if (!has_time(kind)) return time;
  if (time_base != nullptr && !has_time(time_base->kind) && !has_date(kind))
    throw Error{Fault::data, "`" + temporal_text(*time_base) + "` has no time of day"};
  time.nanosecond = build_clock(parts, time_base, change == ZoneChange::relabels);
  if (!has_offset(kind)) return time;
  const bool based_on_offset = time_base != nullptr && has_offset(time_base->kind);
  if (based_on_offset) {
    time.offset_s = time_base->offset_s;
    if (has_date(kind)) time.zone = time_base->zone;
    refresh_offset(time);
  }
  if (const std::string* zone = parts.zone()) {
    if (based_on_offset && change == ZoneChange::moves)
      move_to_zone(time, *zone);
    else
      set_zone(time, *zone);
  }
  return time;
}

std::int64_t truncated_day(std::string_view unit, std::int64_t day) {
  const CivilDate date = civil_of(day);
  const auto first_of = [&](std::int64_t years) {
    return days_of(CivilDate{floor_divide(date.year, years) * years, 1, 1});
  };
  if (unit == "millennium") return first_of(1'000);
  if (unit == "century") return first_of(100);
  if (unit == "decade") return first_of(10);
  if (unit == "year") return first_of(1);
  if (unit == "weekYear") return days_of(WeekDate{week_of(day).year, 1, 1});
  if (unit == "quarter") return days_of(CivilDate{date.year, (date.month - 1) / 3 * 3 + 1, 1});
  if (unit == "month") return days_of(CivilDate{date.year, date.month, 1});
  if (unit == "week") return day - day_of_week(day) + 1;
  return day;
}

/// Nanoseconds of a unit of time below the day; nothing for another unit.
std::int64_t clock_unit(std::string_view unit) {
  if (unit == "hour") return 3'600 * kNanosPerSecond;
  if (unit == "minute") return 60 * kNanosPerSecond;
  if (unit == "second") return kNanosPerSecond;
  if (unit == "millisecond") return 1'000'000;
  if (unit == "microsecond") return 1'000;
  return 0;
}

bool is_date_unit(std::string_view unit) {
  static constexpr std::array<std::string_view, 9> kUnits{
      "millennium", "century", "decade", "year", "weekYear", "quarter", "month", "week", "day"};
  for (const std::string_view one : kUnits)
    if (unit == one) return true;
  return false;
}

long double duration_number(const Map& parts, std::string_view name) {
  const auto part = parts.find(name);
  if (part == parts.end()) return 0;
  if (!part->second.is_number())
    throw Error{Fault::data, "`" + std::string{name} + "` needs a number, not " +
                                 std::string{kind_name(part->second.kind())}};
  return part->second.kind() == Kind::integer ? static_cast<long double>(part->second.integer())
                                              : part->second.floating();
}

}  // namespace

Temporal build_temporal(TemporalKind kind, const Map& map) {
  const PartReader parts{map};
  const Temporal* both = parts.temporal("datetime");
  const Temporal* date = parts.temporal("date");
  const Temporal* time = parts.temporal("time");
  return build(kind, map, date != nullptr ? date : both, time != nullptr ? time : both,
               ZoneChange::moves);
}

Temporal truncate_temporal(TemporalKind kind, std::string_view unit, const Temporal& source,
                           const Map& parts) {
  const std::int64_t clock = clock_unit(unit);
  if (clock == 0 && !is_date_unit(unit))
    throw Error{Fault::data,
                "`" + std::string{unit} + "` is not a unit of time to truncate to"};
  if ((has_date(kind) && !has_date(source.kind)) || (!has_date(kind) && !has_time(source.kind)))
    throw Error{Fault::data, "`" + temporal_text(source) + "` lacks what the result needs"};
  Temporal base = source;
  base.day = truncated_day(unit, source.day);
  base.nanosecond = clock == 0 ? 0 : source.nanosecond - source.nanosecond % clock;
  return build(kind, parts, &base, &base, ZoneChange::relabels);
}

Duration build_duration(const Map& parts) {
  static constexpr std::array<std::string_view, 11> kNames{
      "years",   "quarters", "months",       "weeks",        "days",       "hours",
      "minutes", "seconds",  "milliseconds", "microseconds", "nanoseconds"};
  for (const auto& [name, part] : parts) {
    bool known = false;
    for (const std::string_view one : kNames) known = known || name == one;
    if (!known) throw Error{Fault::data, "`" + name + "` is not a part of a duration"};
  }
  const auto number = [&](std::string_view name) { return duration_number(parts, name); };
  return make_duration(number("years") * 12 + number("quarters") * 3 + number("months"),
                       number("weeks") * 7 + number("days"),
                       number("hours") * 3'600 + number("minutes") * 60 + number("seconds"),
                       number("milliseconds") * 1'000'000 + number("microseconds") * 1'000 +
                           number("nanoseconds"));
}

}  // namespace hart::prov::cypher
