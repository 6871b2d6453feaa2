#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "bill/plan.h"
#include "core/decimal.h"
#include "core/json.h"

namespace hart::cli {

/// Six places, as every rate and the amount of every event is written.
[[nodiscard]] inline std::string amount_text(std::int64_t micros) {
  return format_decimal(micros, kMicroPlaces);
}
/// An amount that was rounded to `places`, in [0, 6], with that many.
[[nodiscard]] inline std::string money_text(std::int64_t micros, int places) {
  std::int64_t unit = 1;
  for (int i = places; i < kMicroPlaces; ++i) unit *= 10;
  return format_decimal(micros / unit, places);
}
/// Without the zeros at the end.
[[nodiscard]] inline std::string units_text(std::int64_t micros) {
  return format_decimal_short(micros, kMicroPlaces);
}
[[nodiscard]] inline std::string multiplier_text(std::int64_t value_e4) {
  return format_decimal(value_e4, kMultiplierPlaces);
}

/// Adds one key for each type of multiplier.
inline void put_multipliers(
    Json& json, const std::array<std::int64_t, bill::kMultiplierTypes>& multipliers_e4) {
  for (int i = 0; i < bill::kMultiplierTypes; ++i)
    json[std::string{bill::multiplier_name(static_cast<bill::MultiplierType>(i))}] =
        multiplier_text(multipliers_e4[static_cast<std::size_t>(i)]);
}

}  // namespace hart::cli
