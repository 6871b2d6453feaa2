#pragma once

#include <string>

#include "common/cli.h"
#include "store/fsck.h"

namespace hart::ingest {

/// A finding as `fsck` and `backup` print it.
inline void write_finding(const store::Finding& finding, cli::Output& out) {
  out.write({{"type", "finding"},
             {"where", finding.where},
             {"what", finding.what},
             {"repaired", finding.repaired}},
            finding.where + ": " + finding.what + (finding.repaired ? " (repaired)" : ""));
}

}  // namespace hart::ingest
