#pragma once

#include <cstdint>
#include <functional>

#include "core/clock.h"
#include "store/store.h"

namespace hart::store {

struct CollectOptions {
  /// What a tenant dropped later than so long ago is kept as if it were held still.
  TimeUs grace_us = 0;
  bool dry_run = false;    ///< count only; the store may be open for reading
  bool overwrite = false;  ///< write zeros over what is freed, and over what waited to be freed
  double max_seconds = 0;  ///< stop after so long, between two transactions; 0: no limit
  double wait_seconds = 0;  ///< how long to wait for readers to let go
  /// Called between two transactions. What it throws ends the collection there.
  std::function<void()> step;
};

struct Collected {
  std::uint64_t atoms = 0;    ///< rows taken out of the catalog
  std::uint64_t extents = 0;  ///< likewise
  std::uint64_t bytes = 0;    ///< of these extents in the packs, headers and padding included
  std::uint64_t bytes_freed = 0;    ///< given back to the file system
  std::uint64_t bytes_waiting = 0;  ///< not freed: readers may still go by an older catalog
  std::uint64_t bytes_kept = 0;  ///< dead, in packs that live on where files cannot have holes
  std::uint64_t packs_removed = 0;
  bool complete = true;  ///< false when `max_seconds` ended it; the next collection goes on
};

/// Takes out of the catalog what nobody holds, and gives its bytes back to the file system.
///
/// An atom lives when a row outside the structure of atoms refers to it (what a tenant holds,
/// objects, snapshots, vectors, and any other table that references `atom`), when its last hold
/// ended less than `grace_us` ago, or when a living atom is made of it. An extent lives when a
/// living atom or the base of a living extent needs it.
///
/// Dead rows are found in one read snapshot and removed in short write transactions, each of
/// which looks again: what a concurrent writer has linked since stays. Readers never wait and
/// never see damage: bytes are freed only when no lease on an epoch up to their removal is left
/// (ReaderLease), `store`'s own renewed here, so the caller must have let go of all that it
/// read from `store`. Killed at any point it leaves a sound store, and the next collection goes
/// on.
///
/// Throws Error as WriteTransaction does, Error(io) when a pack cannot be written.
/// Memory: a bit for each atom and each extent, and eight bytes for each dead one.
Collected collect(Store& store, const CollectOptions& options);

}  // namespace hart::store
