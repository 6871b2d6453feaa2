#pragma once

#include <string>

#include "common/cli.h"
#include "store/store.h"

namespace hart::ingest {

/// The store for upkeep that reads it: open for writing where that is permitted, since the
/// audit log is to have it.
[[nodiscard]] store::Store open_for_upkeep(const cli::Context& context);

/// Puts what is done to the store, for all its tenants, into the audit log. Inside the
/// WriteTransaction that does it.
void record_store_act(store::Store& store, const cli::Context& context,
                      const std::string& detail);

/// The same by itself, of what was done already. Where that cannot be, as on a medium that
/// cannot be written, or while another process writes for long, it says so: what was done is
/// done.
void record_upkeep(store::Store& store, const cli::Context& context, const std::string& detail);

}  // namespace hart::ingest
