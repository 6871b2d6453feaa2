#pragma once

#include <cstdint>

namespace hart::prov::cypher {

/// A date of the proleptic Gregorian calendar.
struct CivilDate {
  std::int64_t year = 1970;
  std::int64_t month = 1;  ///< 1 to 12
  std::int64_t day = 1;    ///< 1 to 31
};

/// A date of ISO 8601 weeks.
struct WeekDate {
  std::int64_t year = 1970;
  std::int64_t week = 1;         ///< 1 to 53
  std::int64_t day_of_week = 1;  ///< Monday is 1
};

inline constexpr std::int64_t kMaxYear = 999'999'999;  ///< in either direction

[[nodiscard]] constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
  const std::int64_t quotient = a / b;
  return quotient * b > a ? quotient - 1 : quotient;
}
[[nodiscard]] constexpr std::int64_t floor_modulo(std::int64_t a, std::int64_t b) noexcept {
  return a - floor_divide(a, b) * b;
}

/// Days since 1970-01-01. Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
/// `day` may lie outside of the month.
[[nodiscard]] std::int64_t days_of(CivilDate date) noexcept;
[[nodiscard]] CivilDate civil_of(std::int64_t days) noexcept;
[[nodiscard]] WeekDate week_of(std::int64_t days) noexcept;
[[nodiscard]] std::int64_t days_of(WeekDate date) noexcept;
[[nodiscard]] std::int64_t days_in_month(std::int64_t year, std::int64_t month) noexcept;

/// Monday is 1.
[[nodiscard]] std::int64_t day_of_week(std::int64_t days) noexcept;

/// So many months later; a day that the month lacks becomes its last.
[[nodiscard]] std::int64_t add_months(std::int64_t days, std::int64_t months);

}  // namespace hart::prov::cypher
