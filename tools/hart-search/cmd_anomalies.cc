#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "atom_output.h"
#include "commands.h"
#include "common/cli.h"
#include "common/line_stream.h"
#include "learn/anomaly.h"
#include "learn/record_table.h"
#include "models.h"
#include "search/anomaly.h"

namespace hart::search_tool {
namespace {

struct AnomalyCommand {
  std::optional<std::string> source;
  std::string model;
  std::string method = "both";
  std::uint64_t top = 20;
  std::optional<double> threshold;
  unsigned neighbors = 20;
  unsigned trees = 100;
  unsigned subsample = 256;
  std::vector<std::string> columns;
  std::string missing = "error";
  std::string scale = "standard";
  std::uint64_t seed = 1;
};

learn::AnomalyOptions learn_options(const AnomalyCommand& command,
                                    const cli::Context& context) {
  learn::AnomalyOptions options;
  options.method = *learn::find_anomaly_method(command.method);
  options.forest = {command.trees, command.subsample, command.seed, context.common.threads};
  options.neighbors = command.neighbors;
  return options;
}

Json optional_json(const std::optional<double>& value) {
  return value ? Json(to_six_decimals(*value)) : Json(nullptr);
}

/// `{"type":"anomaly","rank",<key>,"score",…}`, where `key` names what the anomaly is.
Json anomaly_json(const learn::Anomaly& anomaly, std::size_t rank, const char* key, Json what,
                  const std::string& method) {
  return {{"type", "anomaly"},
          {"rank", rank},
          {key, std::move(what)},
          {"score", to_six_decimals(anomaly.score)},
          {"method", method},
          {"forest", optional_json(anomaly.forest)},
          {"lof", optional_json(anomaly.lof)}};
}

std::string anomaly_text(const learn::Anomaly& anomaly, std::size_t rank,
                         const std::string& what) {
  char head[64];
  std::snprintf(head, sizeof head, "%3zu  %10.4f  ", rank, anomaly.score);
  return head + what;
}

/// Whether `anomaly` belongs to those asked for, `shown` having been printed.
bool wanted(const AnomalyCommand& command, const learn::Anomaly& anomaly, std::size_t shown) {
  return shown < command.top && (!command.threshold || anomaly.score >= *command.threshold);
}

void write_summary(const AnomalyCommand& command, std::size_t rows, std::size_t shown,
                   cli::Context& context) {
  context.out.write({{"type", "anomalies"},
                     {"method", command.method},
                     {"rows", rows},
                     {"anomalies", shown},
                     {"seed", command.seed}},
                    std::to_string(shown) + " of " + std::to_string(rows) + " shown");
}

int embedding_anomalies(const AnomalyCommand& command, cli::Context& context) {
  store::Store store = context.open_store();
  const store::EmbeddingModel model = choose_model(store, command.model);
  const auto found = search::embedding_anomalies(store, model, learn_options(command, context));
  std::size_t shown = 0;
  for (const auto& [atom_id, anomaly] : found) {
    if (!wanted(command, anomaly, shown)) break;
    const std::string atom = atom_id_text(store, atom_id);
    Json json = anomaly_json(anomaly, ++shown, "atom", atom, command.method);
    json["name"] = atom_name_json(store, atom_id);
    json["text"] = atom_text_json(store, atom_id);
    context.out.write(
        json, anomaly_text(anomaly, shown,
                           json["text"].is_null() ? atom : first_line_of(json["text"], 72)));
  }
  write_summary(command, found.size(), shown, context);
  return shown == 0 ? 1 : 0;
}

/// A line of the input that became a row of the table.
struct Record {
  std::uint64_t line;
  std::string text;
};

/// Reads standard input to its end. Bad lines are answered at once; true when there were any.
bool read_records(learn::RecordTable& table, std::vector<Record>& records,
                  cli::Context& context) {
  cli::LineReader reader{0, [&context] { context.check_interrupt(); }};
  bool failed = false;
  while (const auto line = reader.next()) {
    const std::string text{line->text};
    if (!line->too_long && text.find_first_not_of(" \t\r") == text.npos) continue;
    try {
      if (line->too_long) throw Error{Fault::data, "the line is longer than 64 MiB"};
      table.add(text);
      records.push_back({reader.line_number(), text});
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
      failed = true;
      context.out.write({{"type", "error"},
                         {"code", fault_name(error.fault())},
                         {"message", error.what()},
                         {"line", reader.line_number()}},
                        context.tool + ": line " + std::to_string(reader.line_number()) + ": " +
                            error.what());
      context.out.flush();
    }
  }
  return failed;
}

/// Echoes the record's `id`, where it has one.
void write_record(const learn::Anomaly& anomaly, const Record& record, std::size_t rank,
                  const std::string& method, cli::Context& context) {
  Json json = anomaly_json(anomaly, rank, "line", record.line, method);
  json["record"] = parse_json(record.text, "malformed line");
  if (json["record"].is_object() && json["record"].contains("id"))
    context.out.echo_id(json["record"]["id"]);
  context.out.write(json, anomaly_text(anomaly, rank,
                                       "line " + std::to_string(record.line) + "  " +
                                           first_line_of(record.text, 72)));
  context.out.echo_id(std::nullopt);
}

int record_anomalies(const AnomalyCommand& command, cli::Context& context) {
  learn::RecordTable table{
      command.missing == "mean" ? learn::MissingValue::mean : learn::MissingValue::error,
      command.columns};
  std::vector<Record> records;
  const bool failed = read_records(table, records, context);
  const std::size_t dim = table.dim();
  std::vector<double> values = table.take_values();
  if (command.scale == "standard") learn::standardise(values, dim);
  const auto found = learn::find_anomalies(values, dim, learn_options(command, context));
  std::size_t shown = 0;
  for (const learn::Anomaly& anomaly : found) {
    if (!wanted(command, anomaly, shown)) break;
    write_record(anomaly, records[anomaly.row], ++shown, command.method, context);
  }
  write_summary(command, records.size(), shown, context);
  if (failed) return static_cast<int>(Fault::data);
  return shown == 0 ? 1 : 0;
}

int anomalies(const AnomalyCommand& command, cli::Context& context) {
  if (!command.source) return embedding_anomalies(command, context);
  if (*command.source != "-")
    throw Error{Fault::usage,
                "anomalies reads the store, or - for standard input, not " + *command.source};
  return record_anomalies(command, context);
}

void add_input_options(cli::Command& command, AnomalyCommand& options) {
  command.option("--column", "NAME", options.columns,
                 "a member to use, of the objects on standard input; else all numeric ones");
  command
      .option("--missing", "HOW", options.missing,
              "a record that lacks a number is bad, or gets the column's mean")
      .choices({"error", "mean"});
  command
      .option("--scale", "HOW", options.scale,
              "bring the columns of standard input to one scale, or leave them")
      .choices({"standard", "none"});
}

}  // namespace

void add_anomalies(cli::Command& tool) {
  cli::Command& command = tool.subcommand(
      "anomalies", "What does not fit: vectors of the store, or records on standard input");
  auto& options = command.options<AnomalyCommand>();
  command.positional("-", options.source, "read JSON lines of numbers instead of the store");
  command.option("-m,--model", "NAME", options.model,
                 "the embedding model whose vectors are judged; else the newest");
  command
      .option("--method", "METHOD", options.method,
              "isolation forest, local outlier factor, or their mean rank")
      .choices({"forest", "lof", "both"});
  command.option("--top", "N", options.top, "print at most so many").range(1, 1e9);
  command.option("--threshold", "X", options.threshold, "only scores of at least X");
  command.option("--neighbors", "N", options.neighbors, "of the local outlier factor")
      .range(1, 100'000);
  command.option("--trees", "N", options.trees, "of the isolation forest").range(1, 100'000);
  command.option("--subsample", "N", options.subsample, "rows that a tree is grown on")
      .range(2, 10'000'000);
  add_input_options(command, options);
  command.option("--seed", "N", options.seed, "of the isolation forest");
  command.action([&options](cli::Context& context) { return anomalies(options, context); });
}

}  // namespace hart::search_tool
