#include <string>
#include <vector>

#include "commands.h"
#include "common/duration.h"
#include "common/instant.h"
#include "common/output.h"
#include "core/clock.h"
#include "crypto/secret_file.h"
#include "store/api_key.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct IssueOptions {
  std::string label;
  std::vector<std::string> scopes;
  std::string expires;
  std::optional<std::int64_t> rate;
  std::optional<std::int64_t> burst;
  std::string output;
};

struct RotateOptions {
  std::string key;
  std::string grace = "0";
  std::string output;
};

struct RevokeOptions {
  std::string key;
};

Json time_json(const std::optional<TimeUs>& time) {
  return time ? Json(format_time(*time)) : Json();
}

const char* state_of(const store::ApiKey& key, TimeUs now) {
  if (key.revoked) return "revoked";
  return key.expires && *key.expires <= now ? "expired" : "valid";
}

Json key_json(const store::ApiKey& key, TimeUs now) {
  Json json{{"type", "api_key"},
            {"tenant", key.tenant},
            {"id", key.public_id},
            {"label", key.label},
            {"scopes", key.scopes},
            {"state", state_of(key, now)},
            {"created", format_time(key.created)},
            {"expires", time_json(key.expires)},
            {"revoked", time_json(key.revoked)}};
  json["rate_per_minute"] = key.limit ? Json(key.limit->per_minute) : Json();
  json["burst"] = key.limit ? Json(key.limit->burst) : Json();
  return json;
}

/// Shows a new key the only time that it can be shown, or writes it to a file.
void write_issued(const store::IssuedApiKey& issued, const std::string& path, TimeUs now,
                  Context& context) {
  Json json = key_json(issued.key, now);
  if (!path.empty()) {
    crypto::write_secret_file(path, issued.text);
    json["file"] = path;
    context.out.write(json, "key " + issued.key.public_id + " is in " + path);
    return;
  }
  json["key"] = issued.text;
  context.out.write(json, issued.text);
  context.notice("this is the only time that the key is shown");
}

/// An instant, or how long from now.
TimeUs parse_expiry(const std::string& text, TimeUs now) {
  try {
    return parse_time(text);
  } catch (const Error&) {
    return now + parse_duration(text);
  }
}

int issue(const IssueOptions& options, Context& context) {
  store::Store store = context.open_store_as_owner(true);
  store::NewApiKey request;
  request.label = options.label;
  request.scopes = options.scopes;
  if (!options.expires.empty()) request.expires = parse_expiry(options.expires, store.now());
  if (options.burst && !options.rate)
    throw Error{Fault::usage, "--burst says how many of --rate may come at once"};
  if (options.rate) request.limit = store::RateLimit{*options.rate, options.burst.value_or(1)};
  write_issued(store::issue_api_key(store, request), options.output, store.now(), context);
  return 0;
}

int rotate(const RotateOptions& options, Context& context) {
  store::Store store = context.open_store_as_owner(true);
  const TimeUs grace = parse_duration(options.grace);
  write_issued(store::rotate_api_key(store, options.key, grace), options.output, store.now(),
               context);
  return 0;
}

int revoke(const RevokeOptions& options, Context& context) {
  store::Store store = context.open_store_as_owner(true);
  const bool revoked = store::revoke_api_key(store, options.key);
  context.out.write({{"type", "api_key_revoked"}, {"id", options.key}, {"revoked", revoked}},
                    "key " + options.key + (revoked ? " is revoked" : " was revoked before"));
  return 0;
}

int list(Context& context) {
  store::Store store = context.open_store_as_owner();
  Table table{{"KEY", "STATE", "SCOPES", "EXPIRES", "LABEL"}};
  const TimeUs now = store.now();
  for (const store::ApiKey& key : store::api_keys(store)) {
    if (!context.out.human()) {
      context.out.write(key_json(key, now));
      continue;
    }
    std::string scopes;
    for (const std::string& scope : key.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
    table.row({key.public_id, state_of(key, now), scopes,
               key.expires ? format_time(*key.expires) : "never", key.label});
  }
  if (context.out.human()) context.out.table(table);
  return 0;
}

void add_issue(Command& group) {
  Command& command = group.subcommand("issue", "Issue a key of the tenant's, and show it once");
  auto& options = command.options<IssueOptions>();
  command.option("--scope", "SCOPE", options.scopes,
                 "what it may be used for: search, search:query, …, or * (may be repeated)");
  command.option("--label", "TEXT", options.label, "what it is for");
  command.option("--expires", "WHEN", options.expires, "an instant, or how long from now");
  command.option("--rate", "N", options.rate, "at most N requests a minute")
      .range(1, 60'000'000);
  command.option("--burst", "N", options.burst, "of these so many at once (default 1)")
      .range(1, 1'000'000);
  command.option("-o,--output", "FILE", options.output, "a new file for the key");
  command.action([&options](Context& context) { return issue(options, context); });
}

void add_rotate(Command& group) {
  Command& command = group.subcommand("rotate", "Put a new key in the place of one");
  auto& options = command.options<RotateOptions>();
  command.positional("KEY", options.key, "the id of the key");
  command.option("--grace", "DURATION", options.grace, "how long the old one stays valid");
  command.option("-o,--output", "FILE", options.output, "a new file for the key");
  command.action([&options](Context& context) { return rotate(options, context); });
}

}  // namespace

void add_key_command(Command& tool) {
  Command& group = tool.subcommand("key", "The API keys of a tenant");
  add_issue(group);
  Command& listing = group.subcommand("list", "List them; secrets are nowhere to be read");
  listing.action([](Context& context) { return list(context); });
  add_rotate(group);
  Command& revoking = group.subcommand("revoke", "End one now");
  auto& options = revoking.options<RevokeOptions>();
  revoking.positional("KEY", options.key, "the id of the key");
  revoking.action([&options](Context& context) { return revoke(options, context); });
}

}  // namespace hart::cli
