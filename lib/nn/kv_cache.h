#pragma once

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"
#include "nn/cpu/ops.h"
#include "nn/zeroed_floats.h"

namespace hart::nn {

using cpu::KvType;

/// Keys and values of past positions, laid out for cpu::Ops::attend_tile: for each layer and
/// head ceil(context / cpu::kBlock) blocks of (head_dim, cpu::kBlock) numbers of the cache's
/// type, a position a column. q8_0 has beside them a binary32 scale for each 32 numbers of a
/// position, the greatest magnitude over 127.
class KvCache {
 public:
  /// Throws as ZeroedFloats does.
  KvCache(KvType type, std::uint32_t n_layers, std::uint32_t n_kv_heads, std::uint32_t head_dim,
          std::uint32_t context_length);

  /// Stores `key` and `value`, (n_kv_heads, head_dim) each, of one position.
  void store(std::uint32_t layer, std::uint32_t position, const float* key,
             const float* value) noexcept;

  /// The blocks of one head from the one that `position`, a multiple of kBlock, begins.
  [[nodiscard]] cpu::KvBlocks blocks(std::uint32_t layer, std::uint32_t head,
                                     std::size_t position) const noexcept;

  /// The bytes of the first `positions` positions of every layer and head, and back.
  [[nodiscard]] std::size_t bytes_of(std::uint32_t positions) const noexcept;
  void copy_out(std::uint32_t positions, std::uint8_t* bytes) const noexcept;
  void copy_in(std::uint32_t positions, const std::uint8_t* bytes) noexcept;

 private:
  template <typename Visit>
  void visit_heads(std::uint32_t positions, Visit visit) const noexcept;
  void store_head(std::size_t head, std::uint32_t position, const float* values,
                  std::uint8_t* numbers, float* scales) const noexcept;

  KvType type_;
  std::uint32_t n_layers_, n_kv_heads_, head_dim_;
  std::size_t padded_length_;
  std::size_t block_bytes_;   ///< of the numbers of a block
  std::size_t block_scales_;  ///< floats: 0 but for q8_0
  ZeroedFloats keys_, values_, key_scales_, value_scales_;
};

}  // namespace hart::nn
