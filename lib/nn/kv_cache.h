#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/zeroed_floats.h"

namespace hart::nn {

/// Keys and values of past positions, f32, laid out for cpu::Ops::attend: for each layer and
/// head ceil(context / cpu::kBlock) blocks of (head_dim, cpu::kBlock).
class KvCache {
 public:
  /// Throws as ZeroedFloats does.
  KvCache(std::uint32_t n_layers, std::uint32_t n_kv_heads, std::uint32_t head_dim,
          std::uint32_t context_length);

  /// Stores `key` and `value`, (n_kv_heads, head_dim) each, of one position.
  void store(std::uint32_t layer, std::uint32_t position, const float* key,
             const float* value) noexcept;

  /// The blocks of one head.
  [[nodiscard]] const float* keys(std::uint32_t layer, std::uint32_t head) const noexcept {
    return keys_.data() + head_offset(layer, head);
  }
  [[nodiscard]] const float* values(std::uint32_t layer, std::uint32_t head) const noexcept {
    return values_.data() + head_offset(layer, head);
  }
  /// Positions of the context, rounded up to whole blocks.
  [[nodiscard]] std::size_t padded_length() const noexcept { return padded_length_; }

 private:
  [[nodiscard]] std::size_t head_offset(std::uint32_t layer,
                                        std::uint32_t head) const noexcept {
    return (std::size_t{layer} * n_kv_heads_ + head) * padded_length_ * head_dim_;
  }

  std::uint32_t n_kv_heads_;
  std::uint32_t head_dim_;
  std::size_t padded_length_;
  ZeroedFloats keys_, values_;
};

}  // namespace hart::nn
