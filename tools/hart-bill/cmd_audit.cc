#include <optional>
#include <string>

#include "commands.h"
#include "common/instant.h"
#include "common/output.h"
#include "core/clock.h"
#include "store/audit.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct AuditOptions {
  std::string since;
  bool refused = false;
};

int audit(const AuditOptions& options, Context& context) {
  std::optional<TimeUs> since;
  if (!options.since.empty()) {
    since = find_instant(options.since);
    if (!since) throw Error{Fault::usage, "'" + options.since + "' is not a time"};
  }
  store::Store store = context.open_store_as_owner();
  store::for_each_audit_entry(store, since, [&](const store::AuditEntry& entry) {
    if (options.refused && !entry.refused) return;
    const char* outcome = entry.refused ? "refused" : "done";
    context.out.write({{"type", "audit"},
                       {"time", format_time(entry.time)},
                       {"tenant", entry.tenant ? Json(*entry.tenant) : Json()},
                       {"actor", entry.actor},
                       {"command", entry.command},
                       {"outcome", outcome},
                       {"detail", entry.detail}},
                      format_time(entry.time) + "  " + entry.actor + "  " + entry.command +
                          (entry.refused ? "  refused: " : ": ") + entry.detail);
  });
  return 0;
}

}  // namespace

void add_audit_command(Command& tool) {
  Command& command = tool.subcommand("audit", "What was administered, and what was refused");
  auto& options = command.options<AuditOptions>();
  command.option("--since", "TIME", options.since, "an instant, or how long ago");
  command.flag("--refused", options.refused, "only what was refused");
  command.action([&options](Context& context) { return audit(options, context); });
}

}  // namespace hart::cli
