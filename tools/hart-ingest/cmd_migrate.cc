#include <string>

#include "commands.h"
#include "common/schema_modules.h"
#include "store/migrate.h"
#include "store/store.h"

namespace hart::ingest {
namespace {

std::string text_of(const store::Migrated& migrated, bool dry_run) {
  const std::string versions =
      "from schema " + std::to_string(migrated.from) + " to " + std::to_string(migrated.to);
  if (migrated.from == migrated.to)
    return "nothing to do: the schema is " + std::to_string(migrated.to);
  if (dry_run) return "would migrate " + versions;
  return "migrated " + versions + "; the catalog as it was is " + migrated.backup;
}

int migrate(cli::Context& context) {
  const std::string directory = store::find_store(context.common.store);
  const bool dry_run = context.common.dry_run;
  const store::Migrated migrated =
      store::migrate_store(directory, cli::all_schema_modules(),
                           static_cast<int>(context.common.timeout_s * 1000), dry_run,
                           store::AccessRequest{context.tool, context.verb, context.api_key,
                                                context.common.tenant_given, true});
  Json record{{"type", "migration"},
              {"store", directory},
              {"from", migrated.from},
              {"to", migrated.to}};
  if (!migrated.backup.empty()) record["backup"] = migrated.backup;
  if (dry_run) record["dry_run"] = true;
  context.out.write(record, text_of(migrated, dry_run));
  return 0;
}

}  // namespace

void add_migrate(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("migrate", "Bring an older store up to this version, after a backup")
          .topic("Upkeep");
  command.dry_run();
  command.action([](cli::Context& context) { return migrate(context); });
}

}  // namespace hart::ingest
