#include "bill/plan.h"

#include <algorithm>
#include <array>

#include "bill/record_hasher.h"
#include "core/decimal.h"
#include "core/error.h"

namespace hart::bill {
namespace {

constexpr std::array<std::string_view, kMultiplierTypes> kMultiplierNames{
    "complexity", "content_type", "grounding"};

[[noreturn]] void fail(const std::string& what, const std::string& cause) {
  throw Error{Fault::data, what + ": " + cause};
}

/// Checks that an object has no keys but `known`, so that a misspelt one is never ignored.
void check_keys(const Json& object, std::initializer_list<std::string_view> known,
                const std::string& what) {
  if (!object.is_object()) fail(what, "is not an object");
  for (const auto& [key, value] : object.items())
    if (std::ranges::find(known, std::string_view{key}) == known.end())
      fail(what, "unknown key '" + key + "'");
}

std::string take_text(const Json& object, const char* key, const std::string& what) {
  const auto found = object.find(key);
  if (found == object.end()) fail(what, std::string{"has no '"} + key + "'");
  if (!found->is_string() || found->get_ref<const std::string&>().empty())
    fail(what + "." + key, "is not a text");
  return found->get<std::string>();
}

/// A decimal that may not be negative. It is a string: JSON numbers pass through floating
/// point.
std::int64_t take_decimal(const Json& object, const char* key, int places,
                          const std::string& what) {
  const std::string name = what + "." + key;
  const auto found = object.find(key);
  if (found == object.end()) fail(what, std::string{"has no '"} + key + "'");
  if (!found->is_string()) fail(name, "is not a decimal in quotes, as \"0.25\"");
  const std::int64_t value = parse_decimal(found->get_ref<const std::string&>(), places, name);
  if (value < 0) fail(name, "is negative");
  return value;
}

const Json& take_array(const Json& object, const char* key, const std::string& what) {
  static const Json kNone = Json::array();
  const auto found = object.find(key);
  if (found == object.end()) return kNone;
  if (!found->is_array()) fail(what + "." + key, "is not an array");
  return *found;
}

OperationRate parse_operation(const Json& json, const std::string& what) {
  check_keys(json, {"operation", "unit", "base_rate"}, what);
  return {take_text(json, "operation", what), take_text(json, "unit", what),
          take_decimal(json, "base_rate", kMicroPlaces, what)};
}

Multiplier parse_multiplier(const Json& json, const std::string& what) {
  check_keys(json, {"type", "criteria", "value"}, what);
  const std::string name = take_text(json, "type", what);
  const auto* found = std::ranges::find(kMultiplierNames, name);
  if (found == kMultiplierNames.end())
    fail(what + ".type", "'" + name + "' is none of complexity, content_type, grounding");
  Multiplier multiplier;
  multiplier.type = static_cast<MultiplierType>(found - kMultiplierNames.begin());
  multiplier.value_e4 = take_decimal(json, "value", kMultiplierPlaces, what);
  if (const auto criteria = json.find("criteria"); criteria != json.end())
    multiplier.criteria = Criteria{*criteria, what + ".criteria"};
  return multiplier;
}

bool is_currency(const std::string& text) {
  return text.size() == 3 && text != kNoCurrency &&
         std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string item_name(const char* list, std::size_t index) {
  return std::string{"plan: "} + list + "[" + std::to_string(index) + "]";
}

}  // namespace

std::string_view multiplier_name(MultiplierType type) noexcept {
  return kMultiplierNames[static_cast<std::size_t>(type)];
}

const OperationRate* RatePlan::find_rate(const UsageRecord& record) const noexcept {
  const auto found = std::ranges::find_if(operations, [&](const OperationRate& rate) {
    return rate.operation == record.operation && rate.unit == record.unit;
  });
  return found == operations.end() ? nullptr : &*found;
}

RatePlan parse_plan(std::string_view text) {
  const Json json = parse_json(text, "plan");
  check_keys(json, {"name", "currency", "effective_from", "operations", "multipliers"}, "plan");
  RatePlan plan;
  plan.name = take_text(json, "name", "plan");
  plan.currency = take_text(json, "currency", "plan");
  if (!is_currency(plan.currency))
    fail("plan.currency", "'" + plan.currency + "' is not an ISO 4217 code, as \"USD\"");
  if (json.contains("effective_from"))
    plan.effective_from = parse_time(take_text(json, "effective_from", "plan"));

  for (const Json& one : take_array(json, "operations", "plan")) {
    OperationRate rate = parse_operation(one, item_name("operations", plan.operations.size()));
    UsageRecord same;
    same.operation = rate.operation;
    same.unit = rate.unit;
    if (plan.find_rate(same) != nullptr)
      fail("plan",
           "operation '" + rate.operation + "' comes twice with unit '" + rate.unit + "'");
    plan.operations.push_back(std::move(rate));
  }
  if (plan.operations.empty()) fail("plan", "has no operations");
  for (const Json& one : take_array(json, "multipliers", "plan"))
    plan.multipliers.push_back(
        parse_multiplier(one, item_name("multipliers", plan.multipliers.size())));
  return plan;
}

Json plan_json(const RatePlan& plan) {
  Json json{{"name", plan.name}, {"currency", plan.currency}};
  if (plan.version > 0) json["version"] = plan.version;
  if (plan.effective_from) json["effective_from"] = format_time(*plan.effective_from);
  json["operations"] = Json::array();
  for (const OperationRate& rate : plan.operations)
    json["operations"].push_back(
        {{"operation", rate.operation},
         {"unit", rate.unit},
         {"base_rate", format_decimal(rate.base_rate_micros, kMicroPlaces)}});
  json["multipliers"] = Json::array();
  for (const Multiplier& multiplier : plan.multipliers)
    json["multipliers"].push_back(
        {{"type", multiplier_name(multiplier.type)},
         {"criteria", multiplier.criteria.json()},
         {"value", format_decimal(multiplier.value_e4, kMultiplierPlaces)}});
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
  return hasher.finish();
}

}  // namespace hart::bill
