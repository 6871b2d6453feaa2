#pragma once

#include <cstdint>
#include <functional>

#include "store/fsck.h"
#include "store/store.h"

namespace hart::atom {

struct VerifyOptions {
  unsigned threads = 1;  ///< that decode
  /// Called with the bytes that were read since the last call; may throw to stop.
  std::function<void(std::uint64_t bytes)> progress;
};

struct VerifiedStructures {
  std::uint64_t atoms = 0;
  std::uint64_t findings = 0;
};

/// Computes the id of everything that any tenant holds, be it hidden from the tenant or not,
/// and that is larger than a row, from what it is stored as, and tells `visit` what comes out
/// differently: files from their bytes; tensors from the digests of their extents, which
/// `store::fsck` compares with the bytes; layers, models, folders, paragraphs and documents
/// from their components. One read snapshot a tenant; acts as each tenant in turn and as the
/// one before at the end.
[[nodiscard]] VerifiedStructures verify_structures(store::Store& store,
                                                   const VerifyOptions& options,
                                                   const store::FindingVisitor& visit);

}  // namespace hart::atom
