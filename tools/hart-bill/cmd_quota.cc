#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "amounts.h"
#include "bill/quota.h"
#include "bill/quota_violation.h"
#include "commands.h"
#include "common/output.h"
#include "store/audit.h"
#include "store/store.h"
#include "store/tenant.h"
#include "store/tenant_quota.h"

namespace hart::cli {
namespace {

struct QuotaSetOptions {
  std::optional<std::string> resource;
  std::optional<std::string> limit;
  std::string per = "month";
  bool soft = false;
  std::vector<std::string> hook;
};

struct QuotaCheckOptions {
  std::string tokens, requests, money, bytes, atoms, models, storage;
};

struct QuotaViolationsOptions {
  std::optional<std::string> since;
};

std::int64_t parse_amount(const std::string& text, const std::string& what) {
  const std::int64_t micros = parse_decimal(text, kMicroPlaces, what);
  if (micros < 0) throw Error{Fault::usage, what + ": '" + text + "' is below 0"};
  return micros;
}

std::int64_t parse_whole(const std::string& text, const std::string& what) {
  const bool is_number = !text.empty() &&
                         text.find_first_not_of("0123456789") == std::string::npos &&
                         text.size() <= std::numeric_limits<std::int64_t>::digits10;
  if (!is_number) throw Error{Fault::usage, what + ": '" + text + "' is not a whole number"};
  return std::stoll(text);
}

/// The limits of what a tenant holds, which have no window.
std::optional<store::TenantChange> storage_change(const std::string& resource,
                                                  std::int64_t limit) {
  store::TenantChange change;
  if (resource == "atoms") {
    change.max_atoms = limit;
  } else if (resource == "models") {
    change.max_models = limit;
  } else if (resource == "storage") {
    change.max_storage_bytes = limit;
  } else {
    return std::nullopt;
  }
  return change;
}

/// The limit of what the acting tenant holds, below 0 where there is none.
std::int64_t held_limit(store::Store& store, const std::string& resource) {
  for (const store::Tenant& tenant : store::tenants(store))
    if (tenant.name == store.tenant_name())
      return (resource == "atoms"    ? tenant.max_atoms
              : resource == "models" ? tenant.max_models
                                     : tenant.max_storage_bytes)
          .value_or(-1);
  return -1;
}

void set_limit(const QuotaSetOptions& options, Context& context) {
  const std::string& resource = *options.resource;
  const std::string& limit = *options.limit;
  const bool none = limit == "none";
  store::Store store = context.open_store_as_owner(true);
  bool changed = true;
  const auto known = bill::find_quota_resource(resource);
  if (known) {
    changed =
        bill::set_quota(store, *known, *bill::find_quota_period(options.per), !options.soft,
                        none ? std::nullopt : std::optional{parse_amount(limit, "quota set")});
  } else {
    if (options.soft) throw Error{Fault::usage, "a limit of " + resource + " is always hard"};
    const std::int64_t most = none ? -1 : parse_whole(limit, "quota set");
    changed = most != held_limit(store, resource);
    if (changed)
      store::change_tenant(store, store.tenant_name(), *storage_change(resource, most));
  }
  Json json{{"type", "quota_set"}, {"resource", resource}};
  if (known) json["per"] = options.per;
  json["hard"] = !options.soft;
  json["limit"] = none ? Json() : Json(limit);
  json["changed"] = changed;
  context.out.write(json, resource + (known ? " a " + options.per : "") + ": " + limit);
}

int quota_set(const QuotaSetOptions& options, Context& context) {
  if (!options.resource && options.hook.empty())
    throw Error{Fault::usage, "quota set: give a resource and its limit, or --hook"};
  if (options.resource && !options.limit)
    throw Error{Fault::usage, "quota set: give the limit of " + *options.resource};
  const bool none = options.hook == std::vector<std::string>{"none"};
  // Before anything is changed.
  if (!options.hook.empty() && !none) bill::check_quota_hook(options.hook);
  if (options.resource) set_limit(options, context);
  if (options.hook.empty()) return 0;
  store::Store store = context.open_store_as_owner(true);
  bill::set_quota_hook(store.directory(), none ? std::vector<std::string>{} : options.hook);
  store::record_lone_act(store, "hart-bill quota set",
                         none ? "no hook" : "the hook " + dump_json(Json(options.hook)));
  context.out.write({{"type", "quota_hook"}, {"command", none ? Json() : Json(options.hook)}},
                    none ? "no command is called" : "calls " + options.hook.front());
  return 0;
}

/// One limit as `check` answers it.
struct Checked {
  std::string resource;
  std::string per;  ///< empty for what a tenant holds
  bool hard = true;
  bool fits = true;
  std::string limit, used, reserved;
  std::optional<TimeUs> renewed;
};

/// What is asked for of a resource; nothing: the least there is.
std::int64_t asked_of(const QuotaCheckOptions& options, bill::QuotaResource resource) {
  const std::string* const texts[] = {&options.tokens, &options.requests, &options.money,
                                      &options.bytes};
  const std::string& text = *texts[static_cast<std::size_t>(resource)];
  return text.empty() ? 1
                      : parse_amount(text, std::string{bill::quota_resource_name(resource)});
}

std::vector<Checked> check_all(const QuotaCheckOptions& options, store::Store& store) {
  std::vector<Checked> all;
  for (const bill::Quota& quota : bill::quotas(store))
    all.push_back({std::string{bill::quota_resource_name(quota.resource)},
                   std::string{bill::quota_period_name(quota.period)}, quota.hard,
                   quota.has_room(asked_of(options, quota.resource)),
                   units_text(quota.limit_micros), units_text(quota.used_micros),
                   units_text(quota.reserved_micros),
                   bill::window_end(quota.period, quota.start)});
  const store::TenantQuota held{store};
  const auto add = [&](const char* name, const store::TenantQuota::Limit& limit,
                       const std::string& asked) {
    if (!limit.most) return;
    const auto more = static_cast<std::uint64_t>(asked.empty() ? 1 : parse_whole(asked, name));
    all.push_back({name,
                   "",
                   true,
                   more == 0 || limit.used + more <= *limit.most,
                   std::to_string(*limit.most),
                   std::to_string(limit.used),
                   "0",
                   {}});
  };
  add("atoms", held.atoms(), options.atoms);
  add("models", held.models(), options.models);
  add("storage", held.bytes(), options.storage);
  return all;
}

int quota_check(const QuotaCheckOptions& options, Context& context) {
  store::Store store = context.open_store();
  Table table{{"RESOURCE", "PER", "KIND", "LIMIT", "USED", "RESERVED", "FITS"}};
  bool allowed = true;
  for (const Checked& one : check_all(options, store)) {
    allowed = allowed && (one.fits || !one.hard);
    table.row({one.resource, one.per, one.hard ? "hard" : "soft", one.limit, one.used,
               one.reserved, one.fits ? "yes" : "no"});
    if (context.out.human()) continue;
    Json json{{"type", "quota"}, {"resource", one.resource}};
    if (!one.per.empty()) json["per"] = one.per;
    json["hard"] = one.hard;
    json["limit"] = one.limit;
    json["used"] = one.used;
    json["reserved"] = one.reserved;
    if (one.renewed) json["window_end"] = format_time(*one.renewed);
    json["fits"] = one.fits;
    context.out.write(json);
  }
  if (!table.empty()) context.out.table(table);
  context.out.write({{"type", "summary"}, {"allowed", allowed}}, allowed ? "yes" : "no");
  return allowed ? 0 : 1;
}

int quota_violations(const QuotaViolationsOptions& options, Context& context) {
  store::Store store = context.open_store();
  Table table{{"RESOURCE", "PER", "KIND", "LIMIT", "WINDOW", "USED", "ASKED", "TIMES", "LAST"}};
  for (const bill::QuotaViolation& violation :
       bill::quota_violations(store, options.since ? parse_time(*options.since) : 0)) {
    const bill::Quota& quota = violation.quota;
    table.row({std::string{bill::quota_resource_name(quota.resource)},
               std::string{bill::quota_period_name(quota.period)}, quota.hard ? "hard" : "soft",
               units_text(quota.limit_micros), format_time(quota.start),
               units_text(quota.used_micros), units_text(violation.asked_micros),
               std::to_string(violation.times), format_time(violation.last)});
    if (!context.out.human()) context.out.write(bill::quota_violation_json(violation));
  }
  if (table.empty()) return 1;
  context.out.table(table);
  return 0;
}

void add_quota_set(Command& group) {
  Command& command = group.subcommand("set", "Set a limit, or the command that is called");
  auto& options = command.options<QuotaSetOptions>();
  command.positional("RESOURCE", options.resource, "what is limited")
      .choices({"tokens", "requests", "money", "bytes", "atoms", "models", "storage"});
  command.positional("LIMIT", options.limit, "a decimal of 0 or more, or none");
  command.option("--per", "PERIOD", options.per, "how long a window is")
      .choices({"minute", "day", "month"});
  command.flag("--soft", options.soft, "record what goes beyond, refuse nothing");
  command.option("--hook", "WORD", options.hook,
                 "the command for violations, a word each time; or none");
  command.action([&options](Context& context) { return quota_set(options, context); });
}

}  // namespace

void add_quota_command(Command& tool) {
  Command& command = tool.subcommand("quota", "Limits on what a tenant uses");
  Command& check = command.subcommand("check", "Each limit, and whether so much more fits");
  auto& options = check.options<QuotaCheckOptions>();
  check.option("--tokens", "N", options.tokens, "whether so many more fit");
  check.option("--requests", "N", options.requests, "whether so many more fit");
  check.option("--money", "AMOUNT", options.money, "whether so much more fits");
  check.option("--bytes", "N", options.bytes, "whether so many more fit");
  check.option("--atoms", "N", options.atoms, "whether so many more fit");
  check.option("--models", "N", options.models, "whether so many more fit");
  check.option("--storage", "BYTES", options.storage, "whether so many more fit");
  check.action([&options](Context& context) { return quota_check(options, context); });
  add_quota_set(command);
  Command& violations = command.subcommand("violations", "What went beyond a limit");
  auto& since = violations.options<QuotaViolationsOptions>();
  violations.option("--since", "TIME", since.since, "not what ended before");
  violations.action([&since](Context& context) { return quota_violations(since, context); });
}

}  // namespace hart::cli
