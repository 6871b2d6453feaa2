#include "store/access.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/error.h"
#include "store/audit.h"
#include "store/rate_limit.h"

namespace hart::store {
namespace {

/// One opening under examination.
class Examiner {
 public:
  Examiner(Connection& db, const OpenOptions& options) : db_{db}, options_{options} {}

  Admission admit() {
    const AccessRequest& request = *options_.access;
    admission_.actor = process_actor();
    admission_.tenant = options_.tenant;
    if (request.administers)
      admit_owner();
    else if (request.api_key.empty())
      admit_without_key();
    else
      admit_with_key();
    return std::move(admission_);
  }

 private:
  void admit_owner() {
    if (!options_.access->api_key.empty())
      refuse(command() + " is for the owner of the store's files, not for an API key");
    if (!any_tenant_requires_key()) return;
    struct stat status {};
    const std::string path = options_.directory + "/hart.db";
    if (::stat(path.c_str(), &status) != 0) throw_errno(Fault::io, path, errno);
    if (::geteuid() != 0 && ::geteuid() != status.st_uid)
      refuse(command() + " is for the owner of the store's files");
  }

  [[nodiscard]] bool any_tenant_requires_key() const {
    // Schemas before the fifth know no keys.
    constexpr int kFirstSchemaWithKeys = 5;
    return db_.query_integer("PRAGMA user_version") >= kFirstSchemaWithKeys &&
           db_.query_integer("SELECT EXISTS (SELECT 1 FROM tenant WHERE requires_key)") != 0;
  }

  void admit_without_key() {
    Statement find =
        db_.prepare("SELECT requires_key FROM tenant WHERE name = ?", Scope::owner);
    // A tenant that does not exist is told by whoever looks for it.
    if (find.with(options_.tenant).step() && find.integer(0) != 0)
      refuse("acting as tenant " + options_.tenant +
             " needs an API key: set HART_API_KEY, or give --api-key-file");
  }

  void admit_with_key() {
    try {
      admission_.key = check_api_key(db_, options_.access->api_key, now_us());
    } catch (const Error& error) {
      if (error.fault() != Fault::denied) throw;
      refuse(error.what());
    }
    const ApiKey& key = *admission_.key;
    admission_.actor = "key " + key.public_id;
    if (options_.access->tenant_given && options_.tenant != key.tenant)
      refuse("API key " + key.public_id + " does not act as tenant " + options_.tenant);
    admission_.tenant = key.tenant;
    if (!permits(key, options_.access->tool, options_.access->verb))
      refuse("API key " + key.public_id + " does not permit " + command());
    if (key.limit) admit_in_time(key);
  }

  void admit_in_time(const ApiKey& key) {
    RateLimiter limiter{options_.directory};
    const TimeUs wait =
        limiter.take(static_cast<std::uint64_t>(key.api_key_id), *key.limit, now_us());
    if (wait > 0) refuse(limit_message(key, wait), Fault::busy);
  }

  [[noreturn]] void refuse(const std::string& message, Fault fault = Fault::denied) {
    AuditEntry entry;
    entry.tenant = admission_.tenant;
    entry.actor = admission_.actor;
    entry.command = command();
    entry.detail = message;
    record_refusal(options_.directory, entry);
    throw Error{fault, message};
  }

  [[nodiscard]] std::string command() const { return command_of(*options_.access); }

  Connection& db_;
  const OpenOptions& options_;
  Admission admission_;
};

}  // namespace

std::string limit_message(const ApiKey& key, TimeUs wait) {
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1f",
                std::ceil(static_cast<double>(wait) / 1e5) / 10);
  return "API key " + key.public_id + " is limited to " +
         std::to_string(key.limit->per_minute) + " requests a minute: try again in " + seconds +
         " seconds";
}

std::string command_of(const AccessRequest& request) {
  std::string command = request.tool + " " + request.verb;
  std::ranges::replace(command, '.', ' ');
  return command;
}

std::string process_actor() {
  return "uid " + std::to_string(::geteuid());
}

Admission admit(Connection& db, const OpenOptions& options) {
  return Examiner{db, options}.admit();
}

void admit_owner(Connection& db, const OpenOptions& options) {
  static_cast<void>(Examiner{db, options}.admit());
}

}  // namespace hart::store
