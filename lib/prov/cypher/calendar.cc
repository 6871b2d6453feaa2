#include "prov/cypher/calendar.h"

#include <algorithm>

namespace hart::prov::cypher {

std::int64_t days_of(CivilDate date) noexcept {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
  const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

CivilDate civil_of(std::int64_t days) noexcept {
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = floor_divide(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = day_of_year - (153 * month + 2) / 5 + 1;
  date.month = month < 10 ? month + 3 : month - 9;
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

std::int64_t day_of_week(std::int64_t days) noexcept {
  return floor_modulo(days + 3, 7) + 1;
}

WeekDate week_of(std::int64_t days) noexcept {
  // A week belongs to the year of its Thursday.
  const std::int64_t weekday = day_of_week(days);
  const std::int64_t thursday = days - weekday + 4;
  const std::int64_t year = civil_of(thursday).year;
  return {year, (thursday - days_of(CivilDate{year, 1, 1})) / 7 + 1, weekday};
}

std::int64_t days_of(WeekDate date) noexcept {
  const std::int64_t fourth = days_of(CivilDate{date.year, 1, 4});  // always in week 1
  return fourth - day_of_week(fourth) + 1 + (date.week - 1) * 7 + date.day_of_week - 1;
}

std::int64_t days_in_month(std::int64_t year, std::int64_t month) noexcept {
  const CivilDate next =
      month == 12 ? CivilDate{year + 1, 1, 1} : CivilDate{year, month + 1, 1};
  return days_of(next) - days_of(CivilDate{year, month, 1});
}

std::int64_t add_months(std::int64_t days, std::int64_t months) {
  const CivilDate date = civil_of(days);
  const std::int64_t total = date.year * 12 + date.month - 1 + months;
  const std::int64_t year = floor_divide(total, 12);
  const std::int64_t month = floor_modulo(total, 12) + 1;
  return days_of(CivilDate{year, month, std::min(date.day, days_in_month(year, month))});
}

}  // namespace hart::prov::cypher
