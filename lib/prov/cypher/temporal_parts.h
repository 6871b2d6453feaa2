#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "prov/cypher/calendar.h"
#include "prov/cypher/value.h"

// What the files that implement cypher_temporal.h share.

namespace hart::prov::cypher {

// Each throws Error{Fault::data} for a part that is out of its range.
[[nodiscard]] std::int64_t checked_date(CivilDate date);
[[nodiscard]] std::int64_t checked_week_date(WeekDate date);
[[nodiscard]] std::int64_t checked_ordinal_date(std::int64_t year, std::int64_t day);
[[nodiscard]] std::int64_t checked_clock(std::int64_t hour, std::int64_t minute,
                                         std::int64_t second, std::int64_t nanosecond);

/// "+01:00", "-0130", "+02:05:59" or "Z", at most 18 hours.
[[nodiscard]] std::int32_t parse_offset(std::string_view text);
[[nodiscard]] std::string offset_text(std::int32_t offset_s);

/// Seconds since 1970 of the local clock.
[[nodiscard]] std::int64_t local_seconds(const Temporal& time) noexcept;

/// Sets the local day and time from an instant, by the offset or the zone that `time` has.
void set_instant(Temporal& time, std::int64_t utc_s, std::int64_t nanoseconds);

/// Replaces the offset by the one that the zone has at the local time, if there is a zone.
void refresh_offset(Temporal& time);

/// Sets offset and zone from "+01:00" or "Europe/Stockholm"; the local time stays.
void set_zone(Temporal& time, std::string_view zone);

/// a + b; throws Error{Fault::data} when it leaves 64 bits.
[[nodiscard]] std::int64_t checked_sum(std::int64_t a, std::int64_t b);

}  // namespace hart::prov::cypher
