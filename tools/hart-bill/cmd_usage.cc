#include <map>
#include <optional>
#include <string>
#include <vector>

#include "amounts.h"
#include "bill/period.h"
#include "bill/usage_totals.h"
#include "commands.h"
#include "common/output.h"
#include "store/store.h"
#include "store/tenant.h"
#include "usage_plot.h"

namespace hart::cli {
namespace {

struct UsageOptions {
  std::optional<std::string> since;
  std::optional<std::string> until;
  std::optional<std::string> month;
  std::vector<std::string> by;
  std::string plot;
  bool all_tenants = false;
};

bill::UsageQuery usage_query(const UsageOptions& options) {
  bill::UsageQuery query;
  if (options.month && (options.since || options.until))
    throw Error{Fault::usage, "--month stands for --since and --until"};
  if (options.month) {
    const bill::Period period = bill::month_period(*options.month);
    query.since = period.start;
    query.until = period.end;
  }
  if (options.since) query.since = parse_time(*options.since);
  if (options.until) query.until = parse_time(*options.until);
  for (const std::string& key : options.by) {
    if (key == "model") query.by_model = true;
    if (key == "day") query.by_day = true;
  }
  return query;
}

/// What all printed lines add up to.
struct Sum {
  std::int64_t events = 0;
  std::int64_t unrated = 0;
  std::vector<std::pair<std::string, std::int64_t>> amounts;  ///< by currency

  void add(const bill::UsageTotal& total) {
    events += total.events;
    unrated += total.unrated_events;
    for (auto& [currency, amount] : amounts)
      if (currency == total.currency) {
        amount = add_decimals(amount, total.amount_micros, "usage");
        return;
      }
    amounts.emplace_back(total.currency, total.amount_micros);
  }
};

void write_total(const std::string& tenant, const bill::UsageTotal& total,
                 const bill::UsageQuery& query, Output& out) {
  Json json{{"type", "usage"}, {"tenant", tenant}};
  if (query.by_day) json["day"] = total.day;
  json["operation"] = total.operation;
  if (query.by_model) json["model"] = total.model;
  json["unit"] = total.unit;
  json["events"] = total.events;
  json["unrated_events"] = total.unrated_events;
  json["units"] = units_text(total.units_micros);
  json["amount"] = amount_text(total.amount_micros);
  json["currency"] = total.currency;
  if (total.by_period) json["by_period"] = true;
  out.write(json);
}

void write_summary(const Sum& sum, Output& out) {
  Json amounts = Json::array();
  for (const auto& [currency, amount] : sum.amounts)
    amounts.push_back({{"currency", currency}, {"amount", amount_text(amount)}});
  out.write({{"type", "summary"},
             {"events", sum.events},
             {"unrated_events", sum.unrated},
             {"amounts", amounts}});
}

/// Prints the totals of one tenant after the other.
class UsageReport {
 public:
  UsageReport(const bill::UsageQuery& query, Output& out) : query_{query}, out_{out} {}

  void add(store::Store& store) {
    const std::string& tenant = store.tenant_name();
    for (const bill::UsageTotal& total : bill::usage_totals(store, query_)) {
      sum_.add(total);
      if (!out_.human()) write_total(tenant, total, query_, out_);
      table_.row({tenant, total.day, total.operation, total.model, std::to_string(total.events),
                  units_text(total.units_micros), total.unit, amount_text(total.amount_micros),
                  total.currency});
    }
  }

  const Sum& finish() {
    if (!out_.human()) write_summary(sum_, out_);
    if (!table_.empty()) out_.table(table_);
    for (const auto& [currency, amount] : sum_.amounts)
      out_.text("total " + amount_text(amount) + " " + currency);
    return sum_;
  }

 private:
  const bill::UsageQuery& query_;
  Output& out_;
  Table table_{
      {"TENANT", "DAY", "OPERATION", "MODEL", "EVENTS", "UNITS", "UNIT", "AMOUNT", ""}};
  Sum sum_;
};

/// The chart of each day: its amount, or its events where nothing cost anything.
int plot(const UsageOptions& options, Context& context) {
  constexpr int kPlotColumns = 50;
  bill::UsageQuery query = usage_query(options);
  query.by_day = true;
  store::Store store = context.open_store();
  struct Day {
    std::int64_t events = 0;
    std::int64_t amount_micros = 0;
  };
  std::map<std::string, Day> days;
  std::string currency;
  for (const bill::UsageTotal& total : bill::usage_totals(store, query)) {
    Day& day = days[total.day];
    day.events += total.events;
    day.amount_micros = add_decimals(day.amount_micros, total.amount_micros, "usage");
    if (total.amount_micros != 0) currency = total.currency;
  }
  const bool costs = !currency.empty();
  std::vector<PlotBar> bars;
  for (const auto& [date, day] : days)
    bars.push_back({date, costs ? day.amount_micros : day.events,
                    costs ? amount_text(day.amount_micros) : std::to_string(day.events)});
  bars = with_empty_days(bars, costs ? amount_text(0) : "0");
  const std::string title =
      printable(store.tenant_name()) + ": " + (costs ? currency : "events") + " a day (UTC)";
  context.out.raw(as_bytes(options.plot == "svg"
                               ? plot_svg(bars, title)
                               : title + "\n" + plot_text(bars, kPlotColumns)));
  return days.empty() ? 1 : 0;
}

int usage(const UsageOptions& options, Context& context) {
  if (!options.plot.empty()) {
    if (options.all_tenants) throw Error{Fault::usage, "--plot is of one tenant"};
    return plot(options, context);
  }
  const bill::UsageQuery query = usage_query(options);
  store::Store store =
      options.all_tenants ? context.open_store_as_owner() : context.open_store();
  UsageReport report{query, context.out};
  if (!options.all_tenants) {
    report.add(store);
  } else {
    for (const store::Tenant& tenant : store::tenants(store)) {
      store::Store theirs{{store.directory(), tenant.name}};
      report.add(theirs);
    }
  }
  const Sum& sum = report.finish();
  if (sum.unrated > 0)
    context.notice(std::to_string(sum.unrated) +
                   " events cost nothing because no rate plan has a rate for them");
  return sum.events == 0 ? 1 : 0;
}

}  // namespace

void add_usage_command(Command& tool) {
  Command& command = tool.subcommand("usage", "What was used, and what it cost");
  auto& options = command.options<UsageOptions>();
  command.option("--since", "TIME", options.since, "used at or after");
  command.option("--until", "TIME", options.until, "used before");
  command.option("--month", "YYYY-MM", options.month, "used in this month (UTC)");
  command.option("--by", "KEY", options.by, "also tell apart by model or day")
      .choices({"operation", "model", "day"});
  command.option("--plot", "FORM", options.plot, "a chart of each day: text or svg")
      .choices({"text", "svg"});
  command.flag("--all-tenants", options.all_tenants, "every tenant of the store");
  command.action([&options](Context& context) { return usage(options, context); });
}

}  // namespace hart::cli
