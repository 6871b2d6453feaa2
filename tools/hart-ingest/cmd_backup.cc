#include <string>

#include "commands.h"
#include "common/progress.h"
#include "finding_record.h"
#include "store/backup.h"
#include "upkeep.h"

namespace hart::ingest {
namespace {

struct BackupCommandOptions {
  std::string directory;
};

int backup(const BackupCommandOptions& options, cli::Context& context) {
  const double start = steady_seconds();
  store::Store store = open_for_upkeep(context);
  cli::Progress progress{context, "backup", 0, cli::Progress::Unit::bytes};
  store::BackupOptions how;
  how.threads = context.common.threads;
  how.progress = [&](std::uint64_t bytes) {
    context.check_interrupt();
    progress.advance(bytes);
  };
  const store::BackedUp done = store::backup(
      store, options.directory, how,
      [&](const store::Finding& finding) { write_finding(finding, context.out); });
  record_upkeep(store, context,
                "to " + options.directory + ": " + std::to_string(done.objects) + " objects, " +
                    std::to_string(done.checked.findings) + " findings");
  context.out.write({{"type", "backup"},
                     {"backup", options.directory},
                     {"objects", done.objects},
                     {"packs", done.packs},
                     {"bytes", done.bytes},
                     {"findings", done.checked.findings},
                     {"seconds", steady_seconds() - start}},
                    options.directory + ": " + std::to_string(done.objects) + " objects, " +
                        cli::format_bytes(done.bytes));
  return done.checked.clean() ? 0 : 1;
}

}  // namespace

void add_backup(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("backup", "Copy the store while it is in use").topic("Upkeep");
  auto& options = command.options<BackupCommandOptions>();
  command.positional("DIR", options.directory, "the directory to make").required();
  command.action([&options](cli::Context& context) { return backup(options, context); });
}

}  // namespace hart::ingest
