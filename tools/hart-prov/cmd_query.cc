#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "commands.h"
#include "common/line_stream.h"
#include "common/output.h"
#include "core/error.h"
#include "graph_store.h"
#include "prov/cypher/json.h"
#include "prov/cypher/query.h"
#include "prov/cypher/text.h"
#include "prov/graph/store_graph.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct QueryOptions {
  std::string query;
  std::vector<std::string> parameters;
  std::uint64_t work = 10'000'000;
  double seconds = 60;
};

/// NAME=JSON; what is no JSON is taken as a text, so that quotation marks need no quoting.
void add_parameter(prov::cypher::Map& parameters, const std::string& given) {
  const std::size_t equals = given.find('=');
  if (equals == 0 || equals == std::string::npos)
    throw Error{Fault::usage, "--parameter takes NAME=VALUE, not '" + given + "'"};
  const std::string text = given.substr(equals + 1);
  const Json json = Json::parse(text, nullptr, false);
  parameters.insert_or_assign(given.substr(0, equals), json.is_discarded()
                                                           ? prov::cypher::Value{text}
                                                           : prov::cypher::json_value(json));
}

std::string cell(const prov::cypher::Value& value, const prov::cypher::Graph& graph) {
  return printable(value.kind() == prov::cypher::Kind::string
                       ? value.string()
                       : prov::cypher::value_text(value, graph));
}

/// Runs `work`; a query that its bounds ended is told how to widen them.
template <typename Work> void run_within(const prov::cypher::Budget& budget, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (!budget.is_spent()) throw;
    throw Error{error.fault(), error.what() + std::string{"; --work and --seconds allow more"}};
  }
}

/// Runs one query and returns how many rows came of it.
std::uint64_t run(const std::string& text, const prov::cypher::Map& parameters,
                  const QueryOptions& options, store::Store& store, Context& context) {
  using Clock = prov::cypher::Budget::Clock;
  const prov::cypher::Query query{text};
  const store::Snapshot snapshot{store.db()};
  const prov::StoreGraph graph{store};
  prov::cypher::Budget budget{options.work,
                              std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>{options.seconds}),
                              [&context] { context.check_interrupt(); }};
  Table table{query.columns()};
  std::uint64_t rows = 0;
  const auto take = [&](std::span<const prov::cypher::Value> row) {
    context.check_interrupt();
    ++rows;
    if (context.out.human()) {
      std::vector<std::string> cells;
      cells.reserve(row.size());
      for (const auto& value : row) cells.push_back(cell(value, graph));
      table.row(std::move(cells));
      return true;
    }
    Json values = Json::object();
    for (std::size_t i = 0; i < row.size(); ++i)
      values[query.columns()[i]] = prov::cypher::value_json(row[i], graph);
    context.out.write({{"type", "row"}, {"values", std::move(values)}});
    return true;
  };
  run_within(budget, [&] { query.run(graph, parameters, budget, take); });
  context.out.table(table);
  if (rows == 0 && context.out.human()) context.notice("no row answers the query");
  return rows;
}

int query(const QueryOptions& options, Context& context) {
  prov::cypher::Map parameters;
  for (const std::string& given : options.parameters) add_parameter(parameters, given);
  if (options.query != "-") {
    // A query that is wrong in itself is told before a store is looked for.
    const prov::cypher::Query checked{options.query};
    store::Store store = open_graph_store(context);
    return run(options.query, parameters, options, store, context) > 0 ? 0 : 1;
  }
  store::Store store = open_graph_store(context);
  bool all = true;
  const int status = for_each_line(context, [&](const InputLine& line) {
    prov::cypher::Map own = parameters;
    if (const auto given = line.value.find("parameters"); given != line.value.end()) {
      if (!given->is_object())
        throw Error{Fault::data, "'parameters' must be an object of parameters by name"};
      for (auto item = given->begin(); item != given->end(); ++item)
        own.insert_or_assign(item.key(), prov::cypher::json_value(item.value()));
    }
    if (run(required_string(line.value, "text"), own, options, store, context) == 0)
      all = false;
  });
  return status != 0 ? status : all ? 0 : 1;
}

}  // namespace

void add_query_command(Command& tool) {
  Command& command = tool.subcommand("query", "Ask the graph of provenance and atoms");
  auto& options = command.options<QueryOptions>();
  command.positional("QUERY", options.query,
                     "openCypher, as 'MATCH (i:Inference) RETURN i', or - for JSON lines");
  command.option("-p,--parameter", "NAME=VALUE", options.parameters,
                 "the value of $NAME: JSON, or a text");
  command.option("--work", "N", options.work, "give up after so many steps").range(1, 1e15);
  command.option("--seconds", "S", options.seconds, "give up after so long").range(0.001, 1e6);
  command.action([&options](Context& context) { return query(options, context); });
}

}  // namespace hart::cli
