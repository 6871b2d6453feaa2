#include "atom/verify_structure.h"
#include "commands.h"
#include "common/progress.h"
#include "core/error.h"
#include "finding_record.h"
#include "store/fsck.h"
#include "upkeep.h"

namespace hart::ingest {
namespace {

struct FsckCommandOptions {
  bool repair = false;
  bool quick = false;
};

std::uint64_t bytes_to_read(store::Store& store, bool quick) {
  std::int64_t bytes =
      store.db().query_integer("SELECT COALESCE(SUM(stored_bytes), 0) FROM extent");
  if (!quick)
    bytes += store.db().query_integer(
        "SELECT COALESCE(SUM(bytes), 0) FROM atom WHERE form = 1 AND space = 0");
  return static_cast<std::uint64_t>(bytes);
}

void write_summary(const store::FsckTotals& totals, double seconds, cli::Output& out) {
  const std::string found = totals.findings == 0
                                ? "nothing is wrong"
                                : std::to_string(totals.findings) + " findings, " +
                                      std::to_string(totals.repaired) + " repaired";
  out.write({{"type", "summary"},
             {"atoms", totals.atoms},
             {"extents", totals.extents},
             {"bytes", totals.bytes},
             {"findings", totals.findings},
             {"repaired", totals.repaired},
             {"leftovers", totals.leftovers},
             {"seconds", seconds}},
            std::to_string(totals.atoms) + " atoms, " + std::to_string(totals.extents) +
                " extents of " + cli::format_bytes(totals.bytes) + ": " + found);
}

int fsck(const FsckCommandOptions& options, cli::Context& context) {
  const double start = steady_seconds();
  // Without permission to write, all but the inside of the full text is checked as well.
  store::Store store =
      options.repair ? context.open_store_as_owner(true) : open_for_upkeep(context);
  cli::Progress progress{context, "fsck", bytes_to_read(store, options.quick),
                         cli::Progress::Unit::bytes};
  const auto advance = [&](std::uint64_t bytes) {
    context.check_interrupt();
    progress.advance(bytes);
  };
  const auto visit = [&](const store::Finding& finding) {
    write_finding(finding, context.out);
  };
  store::FsckTotals totals = store::fsck(
      store, {options.repair, options.quick, context.common.threads, advance}, visit);
  if (!options.quick)
    totals.findings +=
        atom::verify_structures(store, {context.common.threads, advance}, visit).findings;
  record_upkeep(store, context,
                std::string{options.repair ? "repair: " : "check: "} +
                    std::to_string(totals.findings) + " findings, " +
                    std::to_string(totals.repaired) + " repaired");
  write_summary(totals, steady_seconds() - start, context.out);
  return totals.clean() ? 0 : 1;
}

}  // namespace

void add_fsck(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("fsck", "Check everything that the store holds").topic("Upkeep");
  auto& options = command.options<FsckCommandOptions>();
  command.flag("--repair", options.repair, "put right what can be without loss");
  command.flag("--quick", options.quick, "checksums, but no digests");
  command.action([&options](cli::Context& context) { return fsck(options, context); });
}

}  // namespace hart::ingest
