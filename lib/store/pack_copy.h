#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/pack_range.h"
#include "store/store.h"

namespace hart::store {

/// A pack and what lives in it, as the catalog shows them.
struct PackContent {
  std::int64_t pack_id = 0;
  std::uint64_t bytes = 0;  ///< committed
  std::vector<PackRange>
      ranges;  ///< all but the holes, ascending; the pack's header among them
};

/// Every pack that an extent names, and the newest.
[[nodiscard]] std::vector<PackContent> pack_contents(Store& store);

/// Copies what lives in a pack to a file of the same name in `directory`; the rest of the file
/// is a hole. Where both are on a file system that shares blocks, blocks are shared. Throws
/// Error(data) when the pack is missing or too short, Error(io) when there is no room.
void copy_pack(Store& store, const PackContent& pack, const std::string& directory,
               const std::function<void(std::uint64_t bytes)>& progress);

}  // namespace hart::store
