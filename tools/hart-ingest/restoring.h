#pragma once

#include "common/cli.h"
#include "store/restore.h"

namespace hart::ingest {

/// Makes the newest version of each name equal to one of `versions`, all or none, and reports
/// each as "restored". `source_of` says where a version came from (store::restore_version).
int restore_all(const std::vector<store::ObjectVersion>& versions, store::Store& store,
                cli::Context& context,
                const std::function<std::string(const store::ObjectVersion&)>& source_of);

}  // namespace hart::ingest
