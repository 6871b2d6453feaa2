#include "upkeep.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/error.h"
#include "store/audit.h"

namespace hart::ingest {

store::Store open_for_upkeep(const cli::Context& context) {
  const std::string catalog = store::find_store(context.common.store) + "/hart.db";
  const bool closed =
      ::access(catalog.c_str(), W_OK) != 0 && (errno == EACCES || errno == EROFS);
  return context.open_store_as_owner(!closed);
}

void record_store_act(store::Store& store, const cli::Context& context,
                      const std::string& detail) {
  store::AuditEntry entry;
  entry.actor = store.actor();
  entry.command = context.tool + " " + context.verb;
  std::ranges::replace(entry.command, '.', ' ');
  entry.detail = detail;
  store::record_act(store.db(), std::move(entry));
}

void record_upkeep(store::Store& store, const cli::Context& context,
                   const std::string& detail) {
  try {
    if (!store.writable()) throw Error{Fault::denied, "the store is read-only"};
    store::WriteTransaction transaction{store};
    record_store_act(store, context, detail);
    transaction.commit();
  } catch (const Error& error) {
    context.diagnostic("this is not in the audit log: " + std::string{error.what()});
  }
}

}  // namespace hart::ingest
