#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "core/bytes.h"
#include "core/clock.h"
#include "store/schema.h"
#include "store/store.h"

namespace hart::store {

struct EraseOptions {
  double wait_seconds = 0;     ///< how long to wait for readers that may still use the content
  std::function<void()> step;  ///< as CollectOptions::step
  /// Those whose tables may hold something of the content; each is asked to forget it.
  std::span<const SchemaModule> modules;
};

/// The receipt: who knows the erased ids can show with `salt` that they were erased here; who
/// does not learns nothing from it.
struct Erased {
  std::int64_t erasure_id = 0;  ///< the row of table `erasure`
  TimeUs time = 0;
  std::array<std::uint8_t, 16> salt{};
  /// SHA-256 of the salt and the erased objects' ids (space and digest, 33 bytes each, of files
  /// and structures), ascending, each once.
  Hash256 commitment{};
  std::uint64_t objects = 0;   ///< versions, those that only the history or a snapshot had too
  std::uint64_t atoms = 0;     ///< that the tenant held for their sake alone
  std::uint64_t bytes = 0;     ///< of the objects' files
  std::uint64_t openings = 0;  ///< pieces of content that other modules had of it
  /// Why some of the content is out of the catalog, but still in a file; empty when none is.
  std::string remains;
};

/// What an erasure of these references, or of everything, would take: objects, atoms and bytes.
/// The store must be open for writing, but nothing is written.
[[nodiscard]] Erased plan_erasure(Store& store, std::span<const std::string> references,
                                  bool everything);

/// Erases objects of the acting tenant. A name means all its versions, those removed earlier
/// among them, `name@version` one, an id or prefix every object with that content. Gone are the
/// objects, what snapshots and the history kept of them, the atoms that the tenant held for
/// their sake alone with all that was derived from them, the log of the tenant's queries and
/// its vector indexes (which must be built again), and what any earlier removal left; packs are
/// overwritten, databases rewritten. What other tenants hold as well is theirs and stays.
///
/// Throws Error(no_input) when a reference names nothing that was ever here, Error(data) when a
/// prefix is ambiguous; nothing is erased then. `store` must have no other reading going on.
[[nodiscard]] Erased erase_objects(Store& store, std::span<const std::string> references,
                                   const EraseOptions& options);

/// Erases all that the acting tenant ever had; the tenant itself, its receipts and its bills
/// stay. What the modules of the options keep of the content goes with it.
[[nodiscard]] Erased erase_tenant(Store& store, const EraseOptions& options);

}  // namespace hart::store
