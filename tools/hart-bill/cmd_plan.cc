#include "amounts.h"
#include "bill/plan_book.h"
#include "commands.h"
#include "common/output.h"
#include "plan_file.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct PlanApplyOptions {
  std::string file;
};

/// The plan's keys between a type and whatever else is said about it.
Json plan_record(const bill::RatePlan& plan) {
  Json json{{"type", "rate_plan"}};
  json.update(bill::plan_json(plan));
  return json;
}

int plan_apply(const PlanApplyOptions& options, Context& context) {
  const bill::RatePlan plan = read_plan(options.file);
  store::Store store = context.open_store_as_owner(true);
  const bill::AppliedPlan applied = bill::apply_plan(store, plan, context.common.dry_run);
  Json json = plan_record(applied.plan);
  json["changed"] = applied.changed;
  const std::string what = "plan " + applied.plan.name + " for tenant " + store.tenant_name();
  context.out.write(
      json, applied.changed ? (context.common.dry_run ? "would apply " : "applied ") + what +
                                  ": version " + std::to_string(applied.plan.version) +
                                  ", in force from " + format_time(*applied.plan.effective_from)
                            : what + " is in force already: version " +
                                  std::to_string(applied.plan.version));
  return 0;
}

/// What an operation costs, in a cell of a table.
std::string rate_text(const bill::OperationRate& rate) {
  std::string text = amount_text(rate.base_rate_micros);
  if (rate.tiers) {
    text = std::string{bill::tier_mode_name(rate.tiers->mode)};
    if (rate.tiers->mode == bill::TierMode::package)
      text += " of " + units_text(rate.tiers->package_micros);
    for (const bill::Tier& tier : rate.tiers->steps) {
      text += text.find(':') == std::string::npos ? ": " : ", ";
      if (tier.up_to_micros) text += "to " + units_text(*tier.up_to_micros) + " ";
      text += units_text(tier.rate_micros);
      if (tier.flat_fee_micros > 0) text += " + " + units_text(tier.flat_fee_micros);
    }
  }
  if (rate.included_micros > 0) text += ", " + units_text(rate.included_micros) + " included";
  if (rate.minimum_micros) text += ", at least " + units_text(*rate.minimum_micros);
  if (rate.maximum_micros) text += ", at most " + units_text(*rate.maximum_micros);
  return text;
}

/// The terms that hold for the whole plan, a line each.
void print_terms(const bill::RatePlan& plan, Output& out) {
  const Json json = bill::plan_document(plan);
  for (const char* key : {"decimal_places", "effective_until", "minimum", "maximum",
                          "discounts", "taxes", "zero_usage", "proration"})
    if (json.contains(key)) out.text(std::string{key} + "  " + dump_json(json.at(key)));
}

void print_plan(const bill::RatePlan& plan, Output& out) {
  out.text(plan.name + ", version " + std::to_string(plan.version) + ", in force from " +
           format_time(*plan.effective_from));
  Table rates{{"OPERATION", "UNIT", "RATE " + plan.currency}};
  for (const bill::OperationRate& rate : plan.operations)
    rates.row({rate.operation, rate.unit, rate_text(rate)});
  out.table(rates);
  Table multipliers{{"MULTIPLIER", "VALUE", "CRITERIA"}};
  for (const bill::Multiplier& multiplier : plan.multipliers)
    multipliers.row({std::string{bill::multiplier_name(multiplier.type)},
                     multiplier_text(multiplier.value_e4),
                     dump_json(multiplier.criteria.json())});
  if (!multipliers.empty()) out.table(multipliers);
  print_terms(plan, out);
}

int plan_show(Context& context) {
  store::Store store = context.open_store();
  const bill::PlanBook book{store};
  for (const bill::RatePlan& plan : book.plans()) {
    if (context.out.human())
      print_plan(plan, context.out);
    else
      context.out.write(plan_record(plan));
  }
  if (!book.plans().empty()) return 0;
  context.notice("tenant '" + store.tenant_name() + "' has no rate plan: usage costs nothing");
  return 1;
}

}  // namespace

void add_plan_command(Command& tool) {
  Command& command = tool.subcommand("plan", "What operations cost");
  Command& apply = command.subcommand("apply", "Put a rate plan in force");
  auto& options = apply.options<PlanApplyOptions>();
  apply.positional("FILE", options.file, "the plan as JSON, - for standard input");
  apply.dry_run();
  apply.action([&options](Context& context) { return plan_apply(options, context); });
  Command& show = command.subcommand("show", "Every plan of the tenant, by its start");
  show.action([](Context& context) { return plan_show(context); });
}

}  // namespace hart::cli
