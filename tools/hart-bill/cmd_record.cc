#include <string>

#include "bill/ledger.h"
#include "commands.h"
#include "event_lines.h"
#include "store/store.h"
#include "usage_answer.h"

namespace hart::cli {
namespace {

/// Events in one transaction at most: beyond this the cost of a disk sync is spread thin
/// enough, and the first of them has waited long enough.
constexpr std::size_t kMostEvents = 65'536;

struct RecordOptions {
  std::string input;
};

/// One transaction for all lines of a batch: it is durable before the first answer.
void record_batch(store::Store& store, EventLines& lines, UsageAnswer& answer, bool dry_run) {
  bill::LedgerBatch ledger{store};
  answer.forget();
  lines.for_each([&](const bill::UsageEvent& event, std::string_view id, std::string& out) {
    const bill::LedgerBatch::Outcome outcome = ledger.record(event);
    answer.append(out, "usage_record", event, outcome.time, *outcome.price,
                  outcome.total_micros);
    out += ",\"sequence\":";
    out += std::to_string(outcome.sequence);
    out += outcome.duplicate ? ",\"duplicate\":true" : ",\"duplicate\":false";
    UsageAnswer::close(out, id);
  });
  if (!dry_run) ledger.commit();
}

int record(const RecordOptions& options, Context& context) {
  if (options.input != "-")
    throw Error{Fault::usage,
                "record reads standard input: say -, not '" + options.input + "'"};
  store::Store store = context.open_store(true);
  EventLines lines{context};
  UsageAnswer answer;
  while (lines.next_batch(kMostEvents)) {
    record_batch(store, lines, answer, context.common.dry_run);
    lines.write_answers();
  }
  return lines.status();
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
