#pragma once

#include "common/cli.h"
#include "store/store.h"

namespace hart::cli {

/// The store with its provenance graph brought up to date. Where it cannot be written, or
/// another process is writing for longer than `--timeout`, the graph is used as it is, with a
/// notice of how many receipts it lacks.
[[nodiscard]] store::Store open_graph_store(const Context& context);

}  // namespace hart::cli
