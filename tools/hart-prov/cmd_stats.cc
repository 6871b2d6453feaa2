#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "commands.h"
#include "common/instant.h"
#include "common/output.h"
#include "core/error.h"
#include "graph_store.h"
#include "prov/graph/statistics.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct StatsOptions {
  std::string by = "day";
  std::string per = "none";
  std::optional<std::string> since;
  std::optional<std::string> until;
};

const std::map<std::string, prov::Period>& periods() {
  static const std::map<std::string, prov::Period> all{{"hour", prov::Period::hour},
                                                       {"day", prov::Period::day},
                                                       {"week", prov::Period::week},
                                                       {"month", prov::Period::month},
                                                       {"year", prov::Period::year}};
  return all;
}

const std::map<std::string, prov::Aspect>& aspects() {
  static const std::map<std::string, prov::Aspect> all{
      {"none", prov::Aspect::none},
      {"operation", prov::Aspect::operation},
      {"model", prov::Aspect::model},
      {"reasoning", prov::Aspect::reasoning},
      {"finish_reason", prov::Aspect::finish_reason}};
  return all;
}

TimeUs instant_of(const char* option, const std::string& text) {
  if (const auto instant = find_instant(text)) return *instant;
  throw Error{Fault::usage, std::string{option} + ": '" + text +
                                "' is no time: 2026-11-22, 2026-11-22T14:00:00Z, 2h, 7d"};
}

Json optional_number(const std::optional<double>& number) {
  return number ? Json(*number) : Json();
}

std::string cell(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", number);
  return text;
}

std::string cell(const std::optional<double>& number) {
  return number ? cell(*number) : "-";
}

Json statistics_json(const prov::Statistics& one, const std::string& per) {
  Json json{{"type", "trend"}, {"period", one.period}};
  if (per != "none") json[per] = one.aspect;
  json.update(Json{{"inferences", one.inferences},
                   {"tokens_in", one.tokens_in},
                   {"tokens_out", one.tokens_out},
                   {"mean_seconds", one.mean_seconds},
                   {"mean_evidence", one.mean_evidence},
                   {"mean_confidence", optional_number(one.mean_confidence)},
                   {"mean_grounding", optional_number(one.mean_grounding)},
                   {"mean_support", optional_number(one.mean_support)},
                   {"mean_trust", optional_number(one.mean_trust)}});
  return json;
}

prov::StatisticsOptions wanted_by(const StatsOptions& options) {
  prov::StatisticsOptions wanted{periods().at(options.by), aspects().at(options.per), {}, {}};
  if (options.since) wanted.since = instant_of("--since", *options.since);
  if (options.until) wanted.until = instant_of("--until", *options.until);
  return wanted;
}

int stats(const StatsOptions& options, Context& context) {
  const prov::StatisticsOptions wanted = wanted_by(options);
  store::Store store = open_graph_store(context);
  Table table{{"period", options.per == "none" ? "" : options.per, "inferences", "tokens in",
               "tokens out", "seconds", "evidence", "confidence", "grounding", "support",
               "trust"}};
  bool any = false;
  prov::for_each_statistic(store, wanted, [&](const prov::Statistics& one) {
    any = true;
    if (context.out.human())
      table.row({one.period, printable(one.aspect), std::to_string(one.inferences),
                 std::to_string(one.tokens_in), std::to_string(one.tokens_out),
                 cell(one.mean_seconds), cell(one.mean_evidence), cell(one.mean_confidence),
                 cell(one.mean_grounding), cell(one.mean_support), cell(one.mean_trust)});
    else
      context.out.write(statistics_json(one, options.per));
  });
  context.out.table(table);
  if (!any && context.out.human()) context.notice("no inference began in that time");
  return any ? 0 : 1;
}

}  // namespace

void add_stats_command(Command& tool) {
  Command& command = tool.subcommand("stats", "How answers and models changed over time");
  auto& options = command.options<StatsOptions>();
  command.option("--by", "PERIOD", options.by, "the length of a period, UTC")
      .choices({"hour", "day", "week", "month", "year"});
  command.option("--per", "ASPECT", options.per, "a line for each of these")
      .choices({"none", "operation", "model", "reasoning", "finish_reason"});
  command.option("--since", "TIME", options.since, "only what began then or later");
  command.option("--until", "TIME", options.until, "only what began before");
  command.action([&options](Context& context) { return stats(options, context); });
}

}  // namespace hart::cli
