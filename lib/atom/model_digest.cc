#include "atom/model_digest.h"

#include <algorithm>
#include <exception>
#include <thread>

#include "crypto/sha256.h"

namespace hart::atom {
namespace {

static_assert(kWindowBytes % kSegmentBytes == 0);
static_assert(kSegmentBytes % crypto::kBlockBytes == 0);

TensorDigest digest_tensor(const Source& source, const ModelTensor& tensor) {
  TensorDigest digest;
  source.windows(tensor.offset, tensor.bytes, [&](ByteView window) {
    for (std::size_t segment = 0; segment < window.size(); segment += kSegmentBytes) {
      const ByteView bytes =
          window.subspan(segment, std::min(kSegmentBytes, window.size() - segment));
      crypto::MerkleBuilder alone;
      for (std::size_t at = 0; at < bytes.size(); at += crypto::kBlockBytes) {
        const Hash256 leaf = crypto::leaf_hash(
            bytes.subspan(at, std::min(crypto::kBlockBytes, bytes.size() - at)));
        digest.blocks.add_leaf_hash(leaf);
        alone.add_leaf_hash(leaf);
      }
      digest.segments.push_back(alone.root());
    }
  });
  return digest;
}

}  // namespace

ModelDigests digest_model(std::span<const Source> sources, const ModelView& view,
                          const AtomizeOptions& options) {
  ModelDigests digests;
  std::exception_ptr failure;
  const auto digest_files = [&] {
    try {
      for (const Source& source : sources) {
        crypto::Sha256 hash;
        source.windows(0, source.size(), [&](ByteView window) { hash.update(window); });
        digests.files.push_back(hash.finish());
      }
    } catch (...) {
      failure = std::current_exception();
    }
  };
  std::thread side;
  if (options.threads > 1) side = std::thread{digest_files};
  try {
    for (const ModelTensor& tensor : view.tensors) {
      digests.tensors.push_back(digest_tensor(sources[tensor.file], tensor));
      if (options.progress) options.progress(tensor.bytes);
    }
  } catch (...) {
    if (side.joinable()) side.join();
    throw;
  }
  if (side.joinable()) {
    side.join();
  } else {
    digest_files();
  }
  if (failure) std::rethrow_exception(failure);
  return digests;
}

}  // namespace hart::atom
