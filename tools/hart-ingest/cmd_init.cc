#include <optional>
#include <string>

#include "commands.h"
#include "common/schema_modules.h"
#include "store/store.h"

namespace hart::ingest {
namespace {

struct InitOptions {
  std::optional<std::string> directory;
};

int init(const InitOptions& options, cli::Context& context) {
  const std::string directory =
      options.directory ? *options.directory
                        : (context.common.store.empty() ? ".hart" : context.common.store);
  store::Store::create(directory, cli::all_schema_modules());
  context.out.write({{"type", "store"},
                     {"store", directory},
                     {"schema", store::kSchemaVersion},
                     {"tenant", "default"}},
                    "made the store " + directory);
  return 0;
}

}  // namespace

void add_init(cli::Command& tool) {
  cli::Command& command = tool.subcommand("init", "Make an empty store");
  auto& options = command.options<InitOptions>();
  command.positional("DIR", options.directory,
                     "the store directory to make (default: --store, else ./.hart)");
  command.action([&options](cli::Context& context) { return init(options, context); });
}

}  // namespace hart::ingest
