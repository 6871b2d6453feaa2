#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bill/criteria.h"
#include "bill/currency.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "core/json.h"

namespace hart::bill {

/// The factors of the rating formula, in its order.
enum class MultiplierType : int { complexity = 0, content_type = 1, grounding = 2 };
inline constexpr int kMultiplierTypes = 3;
[[nodiscard]] std::string_view multiplier_name(MultiplierType type) noexcept;

/// How the tiers of an operation price a period's quantity.
enum class TierMode : int {
  graduated = 0,  ///< each unit at the rate of the tier it falls in
  volume = 1,     ///< every unit at the rate of the tier that the whole quantity falls in
  package = 2     ///< each begun package of units at one rate
};
[[nodiscard]] std::string_view tier_mode_name(TierMode mode) noexcept;

struct Tier {
  std::optional<std::int64_t> up_to_micros;  ///< units, included; nothing: without end
  std::int64_t rate_micros = 0;              ///< of one unit, or of one package
  std::int64_t flat_fee_micros = 0;          ///< once, when the tier is reached
};

struct Tiers {
  TierMode mode = TierMode::graduated;
  std::int64_t package_micros = 0;  ///< units of a package; 0 in the other modes
  std::vector<Tier> steps;          ///< ascending, the last without end; one for packages
};

struct OperationRate {
  std::string operation;              ///< "generate_text"
  std::string unit;                   ///< "token"
  std::int64_t base_rate_micros = 0;  ///< price of one unit, not negative; 0 with tiers
  std::optional<Tiers> tiers{};
  std::int64_t included_micros = 0;  ///< units of a period that cost nothing
  std::optional<std::int64_t> minimum_micros{};
  std::optional<std::int64_t> maximum_micros{};

  /// Whether the price depends on the whole period's quantity, so that no event has one.
  [[nodiscard]] bool by_period() const noexcept { return tiers || included_micros > 0; }
};

struct Multiplier {
  MultiplierType type = MultiplierType::complexity;
  Criteria criteria;
  std::int64_t value_e4 = 10'000;  ///< × 10^-4, not negative
};

/// A share or an amount off the charges of one operation, or of all.
struct Discount {
  std::string name;
  std::optional<std::string> operation;
  std::int64_t percent_e4 = 0;     ///< × 10^-4 of a percent; 0: an amount
  std::int64_t amount_micros = 0;  ///< 0: a share
};

struct Tax {
  std::string name;
  std::int64_t percent_e4 = 0;  ///< × 10^-4 of a percent
};

/// What operations cost from some time on. hart-bill(1) says how a period is charged.
struct RatePlan {
  std::int64_t billing_rate_plan_id = 0;  ///< 0: not stored
  std::int64_t version = 0;               ///< counted from 1 a tenant
  std::string name;
  std::string currency;                   ///< ISO 4217
  std::optional<int> decimal_places;      ///< of an invoice's amounts; nothing: the currency's
  std::optional<TimeUs> effective_from;   ///< nothing: from when it is applied
  std::optional<TimeUs> effective_until;  ///< not included; nothing: until another holds
  std::vector<OperationRate> operations;  ///< at most one a pair of operation and unit
  std::vector<Multiplier> multipliers;    ///< of each type, the first that matches applies
  std::optional<std::int64_t> minimum_micros;
  std::optional<std::int64_t> maximum_micros;
  std::vector<Discount> discounts;
  std::vector<Tax> taxes;
  bool charge_zero_usage = false;  ///< minimums and first flat fees even when nothing was used
  bool prorate = false;            ///< fees of a period in part by the time it held

  [[nodiscard]] const OperationRate* find_rate(std::string_view operation,
                                               std::string_view unit) const noexcept;
  /// Decimal places of an invoice's amounts, in [0, 6].
  [[nodiscard]] int places() const noexcept;
};

/// Reads a plan as hart-bill(1) documents it. Throws Error(data, "plan: <JSON pointer>: ...")
/// on unknown and missing keys, a decimal that is no string, negative or too precise, a pair of
/// operation and unit that comes twice, and tiers that are not ascending or have no end.
[[nodiscard]] RatePlan parse_plan(std::string_view text);

/// The same as JSON, with `version` and `effective_from` where known. What has its default is
/// left out.
[[nodiscard]] Json plan_json(const RatePlan& plan);

/// `plan_json` without what the time of its application gave it: the document that is kept.
[[nodiscard]] Json plan_document(const RatePlan& plan);

/// SHA-256 over everything that decides a price: equal for plans that differ in version and
/// start alone. The encoding is that of `RecordHasher`.
[[nodiscard]] Hash256 plan_content_hash(const RatePlan& plan);

}  // namespace hart::bill
