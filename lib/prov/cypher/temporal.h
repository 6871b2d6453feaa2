#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "prov/cypher/value.h"

// Temporal values of openCypher (CIP2015-08-06, "Date and Time"). Every function here throws
// Error{Fault::data} with a message that has no position; the evaluator adds it.

namespace hart::prov::cypher {

inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr std::int64_t kSecondsPerDay = 86'400;
inline constexpr std::int64_t kNanosPerDay = kSecondsPerDay * kNanosPerSecond;

[[nodiscard]] constexpr bool has_date(TemporalKind kind) noexcept {
  return kind <= TemporalKind::date;
}
[[nodiscard]] constexpr bool has_time(TemporalKind kind) noexcept {
  return kind != TemporalKind::date;
}
[[nodiscard]] constexpr bool has_offset(TemporalKind kind) noexcept {
  return kind == TemporalKind::datetime || kind == TemporalKind::time;
}

/// The kind that the function `name` ("date", "localtime" ...) makes.
[[nodiscard]] std::optional<TemporalKind> temporal_kind(std::string_view name) noexcept;

/// Reads the ISO 8601 forms that the CIP lists; a datetime may end in "[Area/City]".
[[nodiscard]] Temporal parse_temporal(TemporalKind kind, std::string_view text);
[[nodiscard]] Duration parse_duration(std::string_view text);

[[nodiscard]] std::string temporal_text(const Temporal& time);
[[nodiscard]] std::string duration_text(const Duration& duration);

/// `source` as another kind: parts that it lacks are zero or UTC. Throws when `kind` needs a
/// date or a time that the source does not have.
[[nodiscard]] Temporal convert_temporal(TemporalKind kind, const Temporal& source);

/// From the parts in a map, such as {year: 1984, week: 10, dayOfWeek: 3}, over those of the
/// values under `date`, `time` and `datetime`.
[[nodiscard]] Temporal build_temporal(TemporalKind kind, const Map& parts);
[[nodiscard]] Duration build_duration(const Map& parts);

/// `source` cut down to `unit` ("century", "week", "minute" ...), then changed by `parts`.
[[nodiscard]] Temporal truncate_temporal(TemporalKind kind, std::string_view unit,
                                         const Temporal& source, const Map& parts);

/// The point in time that is so many seconds and nanoseconds after 1970-01-01T00:00Z.
[[nodiscard]] Temporal from_epoch(std::int64_t seconds, std::int64_t nanoseconds);

/// A part by its name, such as `year` or `offsetSeconds`; nothing if there is none such.
[[nodiscard]] std::optional<Value> temporal_part(const Temporal& time, std::string_view name);
[[nodiscard]] std::optional<Value> duration_part(const Duration& duration,
                                                 std::string_view name);

/// Seconds since 1970-01-01T00:00Z, taking a local time as UTC.
[[nodiscard]] std::int64_t epoch_seconds(const Temporal& time) noexcept;

/// Negative, zero or positive; both of one kind. Times with an offset compare as instants.
[[nodiscard]] int order_times(const Temporal& a, const Temporal& b) noexcept;
/// By average length, then by the parts: zero only for the same parts.
[[nodiscard]] int order_durations(const Duration& a, const Duration& b) noexcept;

enum class DurationUnit : std::uint8_t { between, months, days, seconds };

/// From `from` to `to`, in the largest whole units or in the one that is named. A date that one
/// of them lacks is the other's; so is a zone.
[[nodiscard]] Duration duration_between(DurationUnit unit, const Temporal& from,
                                        const Temporal& to);

[[nodiscard]] Temporal add(const Temporal& time, const Duration& duration);
[[nodiscard]] Duration add(const Duration& a, const Duration& b);
[[nodiscard]] Duration negate(const Duration& duration);
/// Fractions of a month go to days at 30.436875 days a month, fractions of a day to seconds.
[[nodiscard]] Duration multiply(const Duration& duration, double factor);

/// A duration from parts that may be fractions, as `multiply` does it.
[[nodiscard]] Duration make_duration(long double months, long double days, long double seconds,
                                     long double nanoseconds);

}  // namespace hart::prov::cypher
