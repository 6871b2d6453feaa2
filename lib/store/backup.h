#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "store/fsck.h"
#include "store/store.h"

namespace hart::store {

struct BackupOptions {
  unsigned threads = 1;  ///< that check the copy
  /// Called with the bytes that were copied or checked since the last call; may throw to stop.
  std::function<void(std::uint64_t bytes)> progress;
};

struct BackedUp {
  std::int64_t objects = 0;  ///< of all tenants
  std::uint64_t packs = 0;
  std::uint64_t bytes = 0;  ///< copied: the databases, and of the packs what lives
  FsckTotals checked;       ///< of the copy
};

/// Copies a store to `directory`, which must not exist, while others go on reading and writing:
/// the catalog as one snapshot shows it, of the packs what that names, and the vector indexes.
/// The log of queries, which may be lost at any time, is left out. The copy is complete, on
/// stable storage and checked (`fsck`, quick) before it has its name; until then it is
/// `directory`.partial, which an interrupted backup leaves and the next removes.
///
/// What the check finds goes to `visit`: a damaged store gives a copy that is as damaged.
/// Throws Error(cannot_create) when `directory` exists, Error(io) when there is no room.
BackedUp backup(Store& store, const std::string& directory, const BackupOptions& options,
                const FindingVisitor& visit);

}  // namespace hart::store
