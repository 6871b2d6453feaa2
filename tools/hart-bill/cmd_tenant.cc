#include "commands.h"
#include "common/output.h"
#include "core/clock.h"
#include "store/store.h"
#include "store/tenant.h"

namespace hart::cli {
namespace {

struct TenantAddOptions {
  std::string name;
};

int tenant_add(const TenantAddOptions& options, Context& context) {
  store::Store store = context.open_store(true);
  const bool created = store::add_tenant(store, options.name);
  context.out.write(
      {{"type", "tenant"}, {"tenant", options.name}, {"added", created}},
      created ? "added tenant " + options.name : "tenant " + options.name + " exists already");
  return 0;
}

int tenant_list(Context& context) {
  store::Store store = context.open_store();
  Table table{{"TENANT", "CREATED", "ACTIVE"}};
  for (const store::Tenant& tenant : store::tenants(store)) {
    table.row({tenant.name, format_time(tenant.created), tenant.active ? "yes" : "no"});
    if (!context.out.human())
      context.out.write({{"type", "tenant"},
                         {"tenant", tenant.name},
                         {"created", format_time(tenant.created)},
                         {"active", tenant.active}});
  }
  context.out.table(table);
  return 0;
}

}  // namespace

void add_tenant_command(Command& tool) {
  Command& command = tool.subcommand("tenant", "The accounts that share the store");
  Command& add = command.subcommand("add", "Add a tenant; one that exists stays as it is");
  auto& options = add.options<TenantAddOptions>();
  add.positional("NAME", options.name, "the tenant's name");
  add.action([&options](Context& context) { return tenant_add(options, context); });
  Command& list = command.subcommand("list", "List the tenants");
  list.action([](Context& context) { return tenant_list(context); });
}

}  // namespace hart::cli
