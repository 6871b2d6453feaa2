#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bill/criteria.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "core/json.h"

namespace hart::bill {

/// The factors of the rating formula, in its order.
enum class MultiplierType : int { complexity = 0, content_type = 1, grounding = 2 };
inline constexpr int kMultiplierTypes = 3;
[[nodiscard]] std::string_view multiplier_name(MultiplierType type) noexcept;

/// The currency of what no plan rates. Source: ISO 4217, "no currency involved".
inline constexpr const char* kNoCurrency = "XXX";

struct OperationRate {
  std::string operation;              ///< "generate_text"
  std::string unit;                   ///< "token"
  std::int64_t base_rate_micros = 0;  ///< price of one unit, not negative
};

struct Multiplier {
  MultiplierType type = MultiplierType::complexity;
  Criteria criteria;
  std::int64_t value_e4 = 10'000;  ///< × 10^-4, not negative
};

/// What operations cost from some time on.
struct RatePlan {
  std::int64_t billing_rate_plan_id = 0;  ///< 0: not stored
  std::int64_t version = 0;               ///< counted from 1 a tenant
  std::string name;
  std::string currency;                   ///< ISO 4217
  std::optional<TimeUs> effective_from;   ///< nothing: from when it is applied
  std::vector<OperationRate> operations;  ///< at most one a pair of operation and unit
  std::vector<Multiplier> multipliers;    ///< of each type, the first that matches applies

  [[nodiscard]] const OperationRate* find_rate(const UsageRecord& record) const noexcept;
};

/// Reads a plan as hart-bill(1) documents it. Throws Error(data, "plan: ...") naming what is
/// wrong: unknown and missing keys, a rate that is no string, negative or too precise, a pair
/// of operation and unit that comes twice.
[[nodiscard]] RatePlan parse_plan(std::string_view text);

/// The same as JSON, with `version` and `effective_from` where known.
[[nodiscard]] Json plan_json(const RatePlan& plan);

/// SHA-256 over everything that decides a price: equal for plans that differ in version and
/// times alone. The encoding is that of `RecordHasher`.
[[nodiscard]] Hash256 plan_content_hash(const RatePlan& plan);

}  // namespace hart::bill
