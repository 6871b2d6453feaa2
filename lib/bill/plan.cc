#include "bill/plan.h"

#include <algorithm>
#include <array>

#include "bill/record_hasher.h"
#include "core/decimal.h"

namespace hart::bill {
namespace {

constexpr std::array<std::string_view, kMultiplierTypes> kMultiplierNames{
    "complexity", "content_type", "grounding"};
constexpr std::array<std::string_view, 3> kTierModeNames{"graduated", "volume", "package"};

std::string micros(std::int64_t value) {
  return format_decimal(value, kMicroPlaces);
}

std::string short_micros(std::int64_t value) {
  return format_decimal_short(value, kMicroPlaces);
}

std::string percent(std::int64_t value_e4) {
  return format_decimal_short(value_e4, kMultiplierPlaces);
}

Json tiers_json(const Tiers& tiers) {
  Json json{{"mode", tier_mode_name(tiers.mode)}};
  if (tiers.mode == TierMode::package)
    json["package_size"] = short_micros(tiers.package_micros);
  json["steps"] = Json::array();
  for (const Tier& tier : tiers.steps) {
    Json step = Json::object();
    if (tier.up_to_micros) step["up_to"] = short_micros(*tier.up_to_micros);
    step["rate"] = micros(tier.rate_micros);
    if (tier.flat_fee_micros > 0) step["flat_fee"] = micros(tier.flat_fee_micros);
    json["steps"].push_back(std::move(step));
  }
  return json;
}

Json operation_json(const OperationRate& rate) {
  Json json{{"operation", rate.operation}, {"unit", rate.unit}};
  if (rate.tiers)
    json["tiers"] = tiers_json(*rate.tiers);
  else
    json["base_rate"] = micros(rate.base_rate_micros);
  if (rate.included_micros > 0) json["included_units"] = short_micros(rate.included_micros);
  if (rate.minimum_micros) json["minimum"] = micros(*rate.minimum_micros);
  if (rate.maximum_micros) json["maximum"] = micros(*rate.maximum_micros);
  return json;
}

Json discount_json(const Discount& discount) {
  Json json{{"name", discount.name}};
  if (discount.operation) json["operation"] = *discount.operation;
  if (discount.percent_e4 > 0)
    json["percent"] = percent(discount.percent_e4);
  else
    json["amount"] = micros(discount.amount_micros);
  return json;
}

/// Whether a plan says more than a rate an operation and multipliers.
bool has_terms(const RatePlan& plan) {
  return plan.decimal_places || plan.effective_until || plan.minimum_micros ||
         plan.maximum_micros || !plan.discounts.empty() || !plan.taxes.empty() ||
         plan.charge_zero_usage || plan.prorate ||
         std::ranges::any_of(plan.operations, [](const OperationRate& rate) {
           return rate.by_period() || rate.minimum_micros || rate.maximum_micros;
         });
}

}  // namespace

std::string_view multiplier_name(MultiplierType type) noexcept {
  return kMultiplierNames[static_cast<std::size_t>(type)];
}

std::string_view tier_mode_name(TierMode mode) noexcept {
  return kTierModeNames[static_cast<std::size_t>(mode)];
}

const OperationRate* RatePlan::find_rate(std::string_view operation,
                                         std::string_view unit) const noexcept {
  const auto found = std::ranges::find_if(operations, [&](const OperationRate& rate) {
    return rate.operation == operation && rate.unit == unit;
  });
  return found == operations.end() ? nullptr : &*found;
}

int RatePlan::places() const noexcept {
  return decimal_places.value_or(minor_unit_places(currency).value_or(kMicroPlaces));
}

Json plan_document(const RatePlan& plan) {
  Json json{{"name", plan.name}, {"currency", plan.currency}};
  if (plan.decimal_places) json["decimal_places"] = *plan.decimal_places;
  if (plan.effective_until) json["effective_until"] = format_time(*plan.effective_until);
  json["operations"] = Json::array();
  for (const OperationRate& rate : plan.operations)
    json["operations"].push_back(operation_json(rate));
  json["multipliers"] = Json::array();
  for (const Multiplier& multiplier : plan.multipliers)
    json["multipliers"].push_back(
        {{"type", multiplier_name(multiplier.type)},
         {"criteria", multiplier.criteria.json()},
         {"value", format_decimal(multiplier.value_e4, kMultiplierPlaces)}});
  if (plan.minimum_micros) json["minimum"] = micros(*plan.minimum_micros);
  if (plan.maximum_micros) json["maximum"] = micros(*plan.maximum_micros);
  for (const Discount& discount : plan.discounts)
    json["discounts"].push_back(discount_json(discount));
  for (const Tax& tax : plan.taxes)
    json["taxes"].push_back({{"name", tax.name}, {"percent", percent(tax.percent_e4)}});
  if (plan.charge_zero_usage) json["zero_usage"] = "charge";
  if (plan.prorate) json["proration"] = "time";
  return json;
}

Json plan_json(const RatePlan& plan) {
  Json json = Json::object();
  const Json document = plan_document(plan);
  for (auto it = document.begin(); it != document.end(); ++it) {
    json[it.key()] = *it;
    if (it.key() != "currency") continue;
    if (plan.version > 0) json["version"] = plan.version;
    if (plan.effective_from) json["effective_from"] = format_time(*plan.effective_from);
  }
  return json;
}

Hash256 plan_content_hash(const RatePlan& plan) {
  RecordHasher hasher{"HARTPLAN"};
  hasher.text(plan.name).text(plan.currency);
  hasher.integer(static_cast<std::int64_t>(plan.operations.size()));
  for (const OperationRate& rate : plan.operations)
    hasher.text(rate.operation).text(rate.unit).integer(rate.base_rate_micros);
  hasher.integer(static_cast<std::int64_t>(plan.multipliers.size()));
  for (const Multiplier& multiplier : plan.multipliers)
    hasher.text(multiplier_name(multiplier.type))
        .text(dump_json(multiplier.criteria.json()))
        .integer(multiplier.value_e4);
  if (has_terms(plan)) hasher.text(dump_json(plan_document(plan)));
  return hasher.finish();
}

}  // namespace hart::bill
