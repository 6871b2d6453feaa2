#include <algorithm>
#include <array>
#include <utility>

#include "bill/plan.h"
#include "core/decimal.h"
#include "core/error.h"

namespace hart::bill {
namespace {

constexpr std::int64_t kHundredPercent_e4 = 100 * 10'000;

/// A value of the document and where it stands, as a JSON pointer (RFC 6901).
class Node {
 public:
  Node(const Json& json, std::string pointer) : json_{json}, pointer_{std::move(pointer)} {}

  [[noreturn]] void fail(const std::string& cause) const {
    throw Error{Fault::data, "plan: " + (pointer_.empty() ? "" : pointer_ + ": ") + cause};
  }

  /// Checks that it is an object with no keys but `known`, so that a misspelt one is never
  /// ignored.
  void check_keys(std::initializer_list<std::string_view> known) const {
    if (!json_.is_object()) fail("is not an object");
    for (auto it = json_.begin(); it != json_.end(); ++it)
      if (std::ranges::find(known, std::string_view{it.key()}) == known.end())
        fail("unknown key '" + it.key() + "'");
  }

  [[nodiscard]] bool has(const char* key) const { return json_.contains(key); }
  [[nodiscard]] Node at(const char* key) const {
    if (!has(key)) fail(std::string{"has no '"} + key + "'");
    return {json_.at(key), pointer_ + "/" + key};
  }

  [[nodiscard]] std::string text() const {
    if (!json_.is_string() || json_.get_ref<const std::string&>().empty())
      fail("is not a text");
    return json_.get<std::string>();
  }

  /// A decimal that may not be negative. It is a string: JSON numbers pass through floating
  /// point.
  [[nodiscard]] std::int64_t decimal(int places) const {
    if (!json_.is_string()) fail("is not a decimal in quotes, as \"0.25\"");
    const std::int64_t value =
        parse_decimal(json_.get_ref<const std::string&>(), places, "plan: " + pointer_);
    if (value < 0) fail("is negative");
    return value;
  }
  [[nodiscard]] std::int64_t money() const { return decimal(kMicroPlaces); }
  [[nodiscard]] std::int64_t positive(int places) const {
    const std::int64_t value = decimal(places);
    if (value == 0) fail("is not above 0");
    return value;
  }
  [[nodiscard]] std::int64_t percent() const {
    const std::int64_t value = positive(kMultiplierPlaces);
    if (value > kHundredPercent_e4) fail("is above 100 percent");
    return value;
  }
  [[nodiscard]] TimeUs time() const {
    try {
      return parse_time(text());
    } catch (const Error& error) {
      fail(error.what());
    }
  }
  /// Which of `names` it is.
  template <std::size_t N>
  [[nodiscard]] std::size_t choice(const std::array<const char*, N>& names) const {
    const std::string given = text();
    std::string all;
    for (std::size_t i = 0; i < N; ++i) {
      if (given == names[i]) return i;
      all += (i > 0 ? ", " : "") + std::string{names[i]};
    }
    fail("'" + given + "' is none of " + all);
  }

  /// The elements of the array under `key`; none when there is no such key.
  [[nodiscard]] std::vector<Node> items(const char* key) const {
    std::vector<Node> nodes;
    if (!has(key)) return nodes;
    const Node list = at(key);
    if (!list.json_.is_array()) list.fail("is not an array");
    for (const Json& one : list.json_)
      nodes.emplace_back(one, list.pointer_ + "/" + std::to_string(nodes.size()));
    return nodes;
  }

  [[nodiscard]] const Json& json() const noexcept { return json_; }
  [[nodiscard]] const std::string& pointer() const noexcept { return pointer_; }

 private:
  const Json& json_;
  std::string pointer_;
};

std::optional<std::int64_t> optional_money(const Node& node, const char* key) {
  if (!node.has(key)) return std::nullopt;
  return node.at(key).money();
}

void check_order(const Node& node, std::optional<std::int64_t> minimum,
                 std::optional<std::int64_t> maximum) {
  if (minimum && maximum && *minimum > *maximum) node.fail("the minimum is above the maximum");
}

Tier parse_tier(const Node& node) {
  node.check_keys({"up_to", "rate", "flat_fee"});
  Tier tier;
  if (node.has("up_to")) tier.up_to_micros = node.at("up_to").positive(kMicroPlaces);
  if (node.has("rate")) tier.rate_micros = node.at("rate").money();
  if (node.has("flat_fee")) tier.flat_fee_micros = node.at("flat_fee").money();
  if (!node.has("rate") && !node.has("flat_fee"))
    node.fail("has neither 'rate' nor 'flat_fee'");
  return tier;
}

Tiers parse_tiers(const Node& node) {
  node.check_keys({"mode", "package_size", "steps"});
  Tiers tiers;
  tiers.mode =
      static_cast<TierMode>(node.at("mode").choice<3>({"graduated", "volume", "package"}));
  const bool package = tiers.mode == TierMode::package;
  if (package)
    tiers.package_micros = node.at("package_size").positive(kMicroPlaces);
  else if (node.has("package_size"))
    node.at("package_size").fail("is for packages only");
  const std::vector<Node> steps = node.items("steps");
  if (steps.empty()) node.fail("has no steps");
  if (package && steps.size() > 1) steps[1].fail("packages have one step");
  for (const Node& step : steps) {
    const Tier tier = parse_tier(step);
    const bool last = &step == &steps.back();
    if (last && tier.up_to_micros) step.fail("the last step has no 'up_to'");
    if (!last && !tier.up_to_micros) step.fail("has no 'up_to' and is not the last");
    if (!tiers.steps.empty() && tier.up_to_micros &&
        *tier.up_to_micros <= *tiers.steps.back().up_to_micros)
      step.at("up_to").fail("is not above that of the step before");
    tiers.steps.push_back(tier);
  }
  return tiers;
}

OperationRate parse_operation(const Node& node) {
  node.check_keys(
      {"operation", "unit", "base_rate", "tiers", "included_units", "minimum", "maximum"});
  OperationRate rate;
  rate.operation = node.at("operation").text();
  rate.unit = node.at("unit").text();
  if (node.has("tiers")) {
    if (node.has("base_rate")) node.at("base_rate").fail("does not go with tiers");
    rate.tiers = parse_tiers(node.at("tiers"));
  } else {
    rate.base_rate_micros = node.at("base_rate").money();
  }
  if (node.has("included_units"))
    rate.included_micros = node.at("included_units").decimal(kMicroPlaces);
  rate.minimum_micros = optional_money(node, "minimum");
  rate.maximum_micros = optional_money(node, "maximum");
  check_order(node, rate.minimum_micros, rate.maximum_micros);
  return rate;
}

Multiplier parse_multiplier(const Node& node) {
  node.check_keys({"type", "criteria", "value"});
  Multiplier multiplier;
  multiplier.type = static_cast<MultiplierType>(
      node.at("type").choice<3>({"complexity", "content_type", "grounding"}));
  multiplier.value_e4 = node.at("value").decimal(kMultiplierPlaces);
  if (node.has("criteria"))
    multiplier.criteria =
        Criteria{node.at("criteria").json(), "plan: " + node.pointer() + "/criteria"};
  return multiplier;
}

Discount parse_discount(const Node& node, const RatePlan& plan) {
  node.check_keys({"name", "operation", "percent", "amount"});
  Discount discount;
  discount.name = node.at("name").text();
  if (node.has("operation")) {
    discount.operation = node.at("operation").text();
    if (std::ranges::find(plan.operations, *discount.operation, &OperationRate::operation) ==
        plan.operations.end())
      node.at("operation").fail("the plan has no operation '" + *discount.operation + "'");
  }
  if (node.has("percent") == node.has("amount"))
    node.fail("has not one of 'percent' and 'amount'");
  if (node.has("percent"))
    discount.percent_e4 = node.at("percent").percent();
  else
    discount.amount_micros = node.at("amount").positive(kMicroPlaces);
  return discount;
}

/// Lines of an invoice are told apart by the names of their discounts and taxes.
template <typename T>
void check_names(const std::vector<T>& known, const T& one, const Node& node) {
  if (std::ranges::find(known, one.name, &T::name) != known.end())
    node.at("name").fail("'" + one.name + "' comes twice");
}

void parse_head(const Node& root, RatePlan& plan) {
  plan.name = root.at("name").text();
  plan.currency = root.at("currency").text();
  const Node currency = root.at("currency");
  if (!minor_unit_places(plan.currency))
    currency.fail("'" + plan.currency + "' is not an ISO 4217 code, as \"USD\"");
  if (root.has("decimal_places")) {
    const Node places = root.at("decimal_places");
    const Json& value = places.json();
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0 ||
        value.get<std::int64_t>() > kMicroPlaces)
      places.fail("is not a whole number from 0 to 6");
    plan.decimal_places = value.get<int>();
  }
  if (root.has("effective_from")) plan.effective_from = root.at("effective_from").time();
  if (root.has("effective_until")) plan.effective_until = root.at("effective_until").time();
  if (plan.effective_from && plan.effective_until &&
      *plan.effective_until <= *plan.effective_from)
    root.at("effective_until").fail("is not after 'effective_from'");
  plan.minimum_micros = optional_money(root, "minimum");
  plan.maximum_micros = optional_money(root, "maximum");
  check_order(root, plan.minimum_micros, plan.maximum_micros);
  if (root.has("zero_usage"))
    plan.charge_zero_usage = root.at("zero_usage").choice<2>({"none", "charge"}) == 1;
  if (root.has("proration"))
    plan.prorate = root.at("proration").choice<2>({"none", "time"}) == 1;
}

}  // namespace

RatePlan parse_plan(std::string_view text) {
  const Json json = parse_json(text, "plan");
  const Node root{json, ""};
  root.check_keys({"$schema", "name", "currency", "decimal_places", "effective_from",
                   "effective_until", "operations", "multipliers", "minimum", "maximum",
                   "discounts", "taxes", "zero_usage", "proration"});
  RatePlan plan;
  parse_head(root, plan);
  for (const Node& node : root.items("operations")) {
    OperationRate rate = parse_operation(node);
    if (plan.find_rate(rate.operation, rate.unit) != nullptr)
      node.fail("operation '" + rate.operation + "' comes twice with unit '" + rate.unit + "'");
    plan.operations.push_back(std::move(rate));
  }
  if (plan.operations.empty()) root.fail("has no operations");
  for (const Node& node : root.items("multipliers"))
    plan.multipliers.push_back(parse_multiplier(node));
  for (const Node& node : root.items("discounts")) {
    Discount discount = parse_discount(node, plan);
    check_names(plan.discounts, discount, node);
    plan.discounts.push_back(std::move(discount));
  }
  for (const Node& node : root.items("taxes")) {
    node.check_keys({"name", "percent"});
    Tax tax{node.at("name").text(), node.at("percent").percent()};
    check_names(plan.taxes, tax, node);
    plan.taxes.push_back(std::move(tax));
  }
  return plan;
}

}  // namespace hart::bill
