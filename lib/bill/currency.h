#pragma once

#include <optional>
#include <string_view>

namespace hart::bill {

/// The currency of what no plan rates. Source: ISO 4217, "no currency involved".
inline constexpr const char* kNoCurrency = "XXX";

/// Decimal places of a currency's minor unit, in [0, 4]: 2 for USD, 0 for JPY, 3 for KWD.
/// Nothing for what is no currency in use, "XXX" and the metals included. Source: ISO
/// 4217:2015, list one, as of 2024-06.
[[nodiscard]] std::optional<int> minor_unit_places(std::string_view currency) noexcept;

}  // namespace hart::bill
