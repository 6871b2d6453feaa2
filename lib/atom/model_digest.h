#pragma once

#include <span>
#include <vector>

#include "atom/atomizer.h"
#include "atom/model_view.h"
#include "crypto/merkle.h"

namespace hart::atom {

/// Float tensors are stored in segments of this many bytes: one extent each, whole blocks.
inline constexpr std::size_t kSegmentBytes = std::size_t{2} << 20;

/// What a tensor's bytes digest to, taken in one pass over them.
struct TensorDigest {
  crypto::MerkleBuilder blocks;   ///< over blocks of 64 KiB: the tensor's identity
  std::vector<Hash256> segments;  ///< the same over each segment alone
};

struct ModelDigests {
  std::vector<Hash256> files;
  std::vector<TensorDigest> tensors;
};

/// The files' digests on one thread while the tensors' are taken on another. `sources` are the
/// view's files.
[[nodiscard]] ModelDigests digest_model(std::span<const Source> sources, const ModelView& view,
                                        const AtomizeOptions& options);

}  // namespace hart::atom
