#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "atom/model_catalog.h"
#include "crypto/merkle.h"
#include "formats/payload_writer.h"
#include "store/store.h"

namespace hart::atom {

/// A tensor of a converted model and how its bytes come about, in this order: the source's
/// bytes, their order, the order of the rows, the values.
struct ConvertedTensor {
  std::string name;
  tensor::DType dtype = tensor::DType::f32;
  std::vector<std::uint64_t> shape;       ///< innermost dimension first; the source's
  const CatalogTensor* source = nullptr;  ///< null: `constant` are its bytes
  ByteBuffer constant;
  bool swaps_bytes = false;      ///< the source's numbers are big-endian
  std::uint64_t rope_heads = 0;  ///< rows go from halves to pairs, in so many heads; 0: stay
  bool adds_one = false;         ///< the values are the source's plus one

  /// Whether its bytes are those of the source: it is the same tensor then.
  [[nodiscard]] bool is_unchanged() const noexcept {
    return source != nullptr && dtype == source->dtype && !swaps_bytes && rope_heads == 0 &&
           !adds_one;
  }
};

/// The root over blocks of 64 KiB of bytes that come in pieces of any size: what a tensor's id
/// commits to.
class BlockHasher {
 public:
  void update(ByteView piece);
  /// The tree over all blocks. Nothing may follow.
  [[nodiscard]] const crypto::MerkleBuilder& finish();

 private:
  crypto::MerkleBuilder tree_;
  ByteBuffer block_;  ///< the beginning of one that is incomplete
};

/// Throws Error(data) when the bytes that `hasher` has seen are not those of `tensor`.
void check_tensor_bytes(store::Store& store, const CatalogTensor& tensor, BlockHasher& hasher);

/// Gives the source's bytes of `tensor` to `sink`, in order, and compares them with its id.
void read_tensor(store::Store& store, const CatalogTensor& tensor, unsigned threads,
                 const formats::ByteSink& sink);

/// Gives the bytes of `tensor` to `sink`, in order. Returns the root over their blocks, having
/// compared the source with its id. `progress` is called with the bytes of the source that were
/// read since its last call. Throws Error(data) on damage, and naming the tensor when a finite
/// value is beyond the range of the new type.
[[nodiscard]] Hash256 write_tensor(store::Store& store, const ConvertedTensor& tensor,
                                   unsigned threads, const formats::ByteSink& sink,
                                   const std::function<void(std::uint64_t bytes)>& progress);

/// Elements that convert_elements can be given at a time: whole heads where rows change their
/// places, else whole blocks of every type.
[[nodiscard]] std::uint64_t run_elements(const ConvertedTensor& tensor) noexcept;

/// Converts the bytes of whole runs.
[[nodiscard]] ByteBuffer convert_elements(const ConvertedTensor& tensor, ByteBuffer bytes);

}  // namespace hart::atom
