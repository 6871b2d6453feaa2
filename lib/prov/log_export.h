#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/store.h"

namespace hart::prov {

struct LogExport {
  std::string origin;
  std::uint64_t size = 0;     ///< leaves, those of the checkpoint
  std::uint64_t tiles = 0;    ///< that were written
  std::uint64_t bundles = 0;  ///< of entries, that were written
};

/// Writes the acting tenant's log, as it was at its newest checkpoint (of `origin`, where one
/// is given), into a folder that can be served as it is: `checkpoint`, `tile/<L>/<N>`,
/// `tile/entries/<N>` (c2sp.org/tlog-tiles). An entry is the 32 bytes of a receipt's id: hashes
/// only, no receipt. Into a folder that an earlier export made only what is new is written; the
/// checkpoint comes last, so that whoever reads meanwhile finds what the checkpoint before
/// promises.
///
/// Throws Error(no_input) when no checkpoint was signed, Error(data) when the log does not lead
/// to it or to the checkpoint in the folder, or the folder's is of another origin; Error(io)
/// and kin for the folder.
LogExport export_log(store::Store& store, const std::string& directory,
                     const std::optional<std::string>& origin = {});

}  // namespace hart::prov
