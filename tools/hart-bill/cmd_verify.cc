#include "amounts.h"
#include "bill/verify.h"
#include "commands.h"
#include "common/output.h"
#include "core/bytes.h"
#include "store/store.h"

namespace hart::cli {
namespace {

int verify(Context& context) {
  store::Store store = context.open_store();
  const bill::LedgerVerification found = bill::verify_ledger(store);
  const bool ok = found.problems.empty();
  for (const std::string& problem : found.problems)
    context.out.write({{"type", "problem"}, {"message", problem}}, "problem: " + problem);
  context.out.write({{"type", "verification"},
                     {"tenant", store.tenant_name()},
                     {"ok", ok},
                     {"entries", found.entries},
                     {"invoices", found.invoices},
                     {"credit_entries", found.credits},
                     {"total", amount_text(found.total_micros)},
                     {"head", to_hex(found.head)},
                     {"problems", found.problems.size()}},
                    (ok ? "the ledger is sound: " : "the ledger is damaged: ") +
                        std::to_string(found.entries) + " entries, total " +
                        amount_text(found.total_micros) + ", head " + to_hex(found.head));
  return ok ? 0 : 1;
}

}  // namespace

void add_verify_command(Command& tool) {
  Command& command = tool.subcommand("verify", "Check the ledger's hashes, prices and sums");
  command.action([](Context& context) { return verify(context); });
}

}  // namespace hart::cli
