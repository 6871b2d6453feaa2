#include <limits>
#include <optional>
#include <string>

#include "commands.h"
#include "common/output.h"
#include "core/clock.h"
#include "store/store.h"
#include "store/tenant.h"

namespace hart::cli {
namespace {

struct TenantAddOptions {
  std::string name;
  bool is_private = false;
};

struct TenantSetOptions {
  std::string name;
  std::string max_atoms;
  std::string max_models;
  std::string max_storage;
  std::string active;
  std::string require_key;
  std::string dedup;
};

int tenant_add(const TenantAddOptions& options, Context& context) {
  store::Store store = context.open_store_as_owner(true);
  const bool created =
      store::add_tenant(store, options.name,
                        options.is_private ? store::Dedup::private_only : store::Dedup::shared);
  context.out.write(
      {{"type", "tenant"}, {"tenant", options.name}, {"added", created}},
      created ? "added tenant " + options.name : "tenant " + options.name + " exists already");
  return 0;
}

Json limit_json(const std::optional<std::int64_t>& limit) {
  return limit ? Json(*limit) : Json();
}

Json tenant_json(const store::Tenant& tenant) {
  return {{"type", "tenant"},
          {"tenant", tenant.name},
          {"created", format_time(tenant.created)},
          {"active", tenant.active},
          {"requires_key", tenant.requires_key},
          {"dedup", store::dedup_name(tenant.dedup)},
          {"max_atoms", limit_json(tenant.max_atoms)},
          {"max_models", limit_json(tenant.max_models)},
          {"max_storage_bytes", limit_json(tenant.max_storage_bytes)}};
}

int tenant_list(Context& context) {
  store::Store store = context.open_store_as_owner();
  Table table{{"TENANT", "CREATED", "ACTIVE", "NEEDS KEY", "DEDUP"}};
  for (const store::Tenant& tenant : store::tenants(store)) {
    table.row({tenant.name, format_time(tenant.created), tenant.active ? "yes" : "no",
               tenant.requires_key ? "yes" : "no",
               std::string{store::dedup_name(tenant.dedup)}});
    if (!context.out.human()) context.out.write(tenant_json(tenant));
  }
  context.out.table(table);
  return 0;
}

/// A limit of a tenant's: a number, or `none` as -1; nothing where it was not given.
std::optional<std::int64_t> parse_limit(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (text == "none") return -1;
  const bool is_number = text.find_first_not_of("0123456789") == std::string::npos &&
                         text.size() <= std::numeric_limits<std::int64_t>::digits10;
  if (!is_number)
    throw Error{Fault::usage, "'" + text + "' is not a limit: a whole number, or none"};
  return std::stoll(text);
}

std::optional<bool> parse_yes(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text == "yes";
}

std::optional<store::Dedup> parse_dedup(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text == "private" ? store::Dedup::private_only : store::Dedup::shared;
}

int tenant_set(const TenantSetOptions& options, Context& context) {
  const store::TenantChange change{
      parse_limit(options.max_atoms),   parse_limit(options.max_models),
      parse_limit(options.max_storage), parse_yes(options.active),
      parse_yes(options.require_key),   parse_dedup(options.dedup)};
  if (!change.max_atoms && !change.max_models && !change.max_storage_bytes && !change.active &&
      !change.requires_key && !change.dedup)
    throw Error{Fault::usage, "tenant set: say what is to change, as --active no"};
  store::Store store = context.open_store_as_owner(true);
  store::change_tenant(store, options.name, change);
  for (const store::Tenant& tenant : store::tenants(store))
    if (tenant.name == options.name)
      context.out.write(tenant_json(tenant), "tenant " + options.name + " is changed");
  return 0;
}

void add_set(Command& group) {
  Command& command = group.subcommand("set", "Change what a tenant may have, and who acts");
  auto& options = command.options<TenantSetOptions>();
  command.positional("NAME", options.name, "the tenant's name");
  command.option("--max-atoms", "N", options.max_atoms, "how many it may hold, or none");
  command.option("--max-models", "N", options.max_models, "how many it may have, or none");
  command.option("--max-storage", "BYTES", options.max_storage,
                 "size of its objects' files, or none");
  command.option("--active", "yes|no", options.active, "whether anybody may act as it")
      .choices({"yes", "no"});
  command
      .option("--require-key", "yes|no", options.require_key,
              "whether acting as it needs an API key")
      .choices({"yes", "no"});
  command
      .option("--dedup", "private|shared", options.dedup,
              "whether its content is shared with others'")
      .choices({"private", "shared"});
  command.action([&options](Context& context) { return tenant_set(options, context); });
}

}  // namespace

void add_tenant_command(Command& tool) {
  Command& command = tool.subcommand("tenant", "The accounts that share the store");
  Command& add = command.subcommand("add", "Add a tenant; one that exists stays as it is");
  auto& options = add.options<TenantAddOptions>();
  add.positional("NAME", options.name, "the tenant's name");
  add.flag("--private", options.is_private, "share no content with other tenants");
  add.action([&options](Context& context) { return tenant_add(options, context); });
  Command& list = command.subcommand("list", "List the tenants");
  list.action([](Context& context) { return tenant_list(context); });
  add_set(command);
}

}  // namespace hart::cli
