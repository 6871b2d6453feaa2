#include <optional>
#include <string>

#include "bill/estimate.h"
#include "commands.h"
#include "common/output.h"
#include "event_lines.h"
#include "invoice_forms.h"
#include "plan_file.h"
#include "store/store.h"
#include "usage_answer.h"

namespace hart::cli {
namespace {

constexpr std::size_t kMostPriced = 4096;

struct PriceOptions {
  std::string input;
  std::optional<std::string> plan;
};

/// The plan of the file, or else those of the tenant.
bill::PlanBook plans_of(const PriceOptions& options, const Context& context) {
  if (options.plan) return bill::PlanBook{read_plan(*options.plan)};
  store::Store store = context.open_store();
  return bill::PlanBook{store};
}

int price(const PriceOptions& options, Context& context) {
  if (options.input != "-")
    throw Error{Fault::usage, "price reads standard input: say -, not '" + options.input + "'"};
  if (options.plan == "-")
    throw Error{Fault::usage, "--plan names a file: standard input has the events"};
  const bill::PlanBook plans = plans_of(options, context);
  bill::Estimate estimate{plans};
  EventLines lines{context};
  UsageAnswer answer;
  const TimeUs now = now_us();
  while (lines.next_batch(kMostPriced)) {
    lines.for_each([&](const bill::UsageEvent& event, std::string_view id, std::string& out) {
      const TimeUs time = event.time == 0 ? now : event.time;
      const bill::Estimate::Priced priced = estimate.add(event, time);
      answer.forget();  // the next price stands where this one did
      answer.append(out, "price", event, time, *priced.price, priced.total_micros);
      out += ",\"arithmetic\":";
      append_json_string(out, bill::arithmetic(*priced.price, event.units_micros));
      UsageAnswer::close(out, id);
    });
    lines.write_answers();
  }
  for (const bill::Invoice& month : estimate.invoices())
    context.out.write(invoice_json(month, ""), "\n" + invoice_text(month, ""));
  return lines.status();
}

}  // namespace

void add_price_command(Command& tool) {
  Command& command = tool.subcommand("price", "What usage events would cost; writes nothing");
  auto& options = command.options<PriceOptions>();
  command.positional("-", options.input, "standard input: one event a line, JSON");
  command.option("--plan", "FILE", options.plan, "by this plan, not the tenant's; no store");
  command.action([&options](Context& context) { return price(options, context); });
}

}  // namespace hart::cli
