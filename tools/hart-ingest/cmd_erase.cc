#include <string>
#include <vector>

#include "commands.h"
#include "common/schema_modules.h"
#include "core/error.h"
#include "store/erase.h"

namespace hart::ingest {
namespace {

struct EraseCommandOptions {
  std::vector<std::string> ids;
  bool all = false;
};

Json record_of(const store::Erased& erased, const std::string& tenant) {
  return {{"type", "erasure"},
          {"erasure", erased.erasure_id},
          {"tenant", tenant},
          {"time", format_time(erased.time)},
          {"objects", erased.objects},
          {"atoms", erased.atoms},
          {"bytes", erased.bytes},
          {"openings", erased.openings},
          {"salt", to_base64(erased.salt)},
          {"commitment", to_hex(erased.commitment)},
          {"complete", erased.remains.empty()}};
}

std::string counts(const store::Erased& erased) {
  std::string text = std::to_string(erased.objects) + " objects of " +
                     cli::format_bytes(erased.bytes) + ", " + std::to_string(erased.atoms) +
                     " atoms";
  if (erased.openings > 0)
    text += ", " + std::to_string(erased.openings) + " openings of receipts";
  return text;
}

int plan(const EraseCommandOptions& options, cli::Context& context) {
  store::Store store = context.open_store(true);
  const store::Erased planned = store::plan_erasure(store, options.ids, options.all);
  context.out.write({{"type", "erasure"},
                     {"tenant", store.tenant_name()},
                     {"objects", planned.objects},
                     {"atoms", planned.atoms},
                     {"bytes", planned.bytes},
                     {"dry_run", true}},
                    "would erase " + counts(planned));
  return 0;
}

int erase(const EraseCommandOptions& options, cli::Context& context) {
  if (options.ids.empty() != options.all)
    throw Error{Fault::usage, "give either what to erase, or --all"};
  if (context.common.dry_run) return plan(options, context);
  store::Store store = context.open_store(true);
  store::EraseOptions how;
  how.wait_seconds = context.common.timeout_s;
  how.modules = cli::all_schema_modules();
  const store::Erased erased = options.all ? store::erase_tenant(store, how)
                                           : store::erase_objects(store, options.ids, how);
  context.out.write(record_of(erased, store.tenant_name()),
                    "erased " + counts(erased) + "; receipt " +
                        std::to_string(erased.erasure_id) + ", commitment " +
                        to_hex(erased.commitment));
  if (!erased.remains.empty())
    throw Error{Fault::busy, "out of the catalog, but not yet off the disk: " + erased.remains};
  return 0;
}

}  // namespace

void add_erase(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("erase", "Erase content from the store, its history and its files")
          .topic("Upkeep");
  auto& options = command.options<EraseCommandOptions>();
  command.positional("ID", options.ids, "id, prefix, name or name@version");
  command.flag("--all", options.all, "all that the tenant ever had");
  command.dry_run();
  command.action([&options](cli::Context& context) { return erase(options, context); });
}

}  // namespace hart::ingest
