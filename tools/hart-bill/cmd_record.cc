#include <exception>
#include <string>
#include <vector>

#include "amounts.h"
#include "bill/ledger.h"
#include "bill/usage_event.h"
#include "commands.h"
#include "common/line_stream.h"
#include "store/store.h"

namespace hart::cli {
namespace {

/// Events in one transaction at most: beyond this the cost of a disk sync is spread thin
/// enough.
constexpr std::size_t kMostEvents = 4096;

struct RecordOptions {
  std::string input;
};

/// What became of one line: a record, or why there is none.
struct Recorded {
  bill::LedgerWriter::Outcome outcome;
  std::exception_ptr error;
};

Json answer_of(const bill::LedgerWriter::Outcome& outcome) {
  const bill::LedgerEntry& entry = outcome.entry;
  Json json{{"type", "usage_record"},
            {"source", entry.usage.source},
            {"event", entry.usage.event_id},
            {"operation", entry.usage.operation},
            {"units", units_text(entry.usage.units_micros)},
            {"unit", entry.usage.unit},
            {"time", format_time(entry.usage.time)},
            {"base_rate", amount_text(entry.rating.base_rate_micros)}};
  put_multipliers(json, entry.rating.multipliers_e4);
  json["amount"] = amount_text(entry.rating.total_micros);
  json["currency"] = entry.rating.currency;
  json["rated"] = entry.rating.rated;
  json["sequence"] = entry.sequence;
  json["duplicate"] = outcome.duplicate;
  return json;
}

/// One transaction for the whole batch: it is durable before the first answer. A line that the
/// stream could not read has no value to record.
std::vector<Recorded> record_batch(store::Store& store, const std::vector<InputLine>& batch,
                                   bool dry_run) {
  store::WriteTransaction transaction{store};
  bill::LedgerWriter ledger{store};
  std::vector<Recorded> results;
  results.reserve(batch.size());
  for (const InputLine& line : batch) {
    Recorded& result = results.emplace_back();
    if (!line.ok()) continue;
    try {
      result.outcome = ledger.record(bill::parse_usage_event(line.value));
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
      result.error = std::current_exception();
    }
  }
  if (!dry_run) transaction.commit();
  return results;
}

int record(const RecordOptions& options, Context& context) {
  if (options.input != "-")
    throw Error{Fault::usage,
                "record reads standard input: say -, not '" + options.input + "'"};
  store::Store store = context.open_store(true);
  LineStream stream{context};
  while (true) {
    const std::vector<InputLine> batch = stream.next_batch(kMostEvents);
    if (batch.empty()) return stream.status();
    const std::vector<Recorded> results = record_batch(store, batch, context.common.dry_run);
    for (std::size_t i = 0; i < batch.size(); ++i)
      stream.answer(batch[i], [&] {
        if (results[i].error) std::rethrow_exception(results[i].error);
        context.out.write(answer_of(results[i].outcome));
      });
  }
}

}  // namespace

void add_record_command(Command& tool) {
  Command& command = tool.subcommand("record", "Rate usage events and add them to the ledger");
  auto& options = command.options<RecordOptions>();
  command.positional("-", options.input, "standard input: one event a line, JSON");
  command.dry_run();
  command.action([&options](Context& context) { return record(options, context); });
}

}  // namespace hart::cli
