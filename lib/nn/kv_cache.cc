#include "nn/kv_cache.h"

#include "core/checked.h"
#include "nn/cpu/ops.h"

namespace hart::nn {
namespace {

std::size_t cache_floats(std::uint32_t n_layers, std::uint32_t n_kv_heads,
                         std::uint32_t head_dim, std::size_t padded_length) {
  constexpr const char* kWhat = "key-value cache";
  const std::uint64_t row = checked_multiply(n_kv_heads, head_dim, kWhat);
  return checked_multiply(checked_multiply(row, n_layers, kWhat), padded_length, kWhat);
}

}  // namespace

KvCache::KvCache(std::uint32_t n_layers, std::uint32_t n_kv_heads, std::uint32_t head_dim,
                 std::uint32_t context_length)
    : n_kv_heads_{n_kv_heads},
      head_dim_{head_dim},
      padded_length_{checked_align(context_length, cpu::kBlock, "key-value cache")},
      keys_{cache_floats(n_layers, n_kv_heads, head_dim, padded_length_)},
      values_{cache_floats(n_layers, n_kv_heads, head_dim, padded_length_)} {}

void KvCache::store(std::uint32_t layer, std::uint32_t position, const float* key,
                    const float* value) noexcept {
  const std::size_t lane = position % cpu::kBlock;
  const std::size_t block = position / cpu::kBlock * head_dim_ * cpu::kBlock;
  for (std::uint32_t head = 0; head < n_kv_heads_; ++head) {
    const std::size_t offset = head_offset(layer, head) + block + lane;
    float* keys = keys_.data() + offset;
    float* values = values_.data() + offset;
    for (std::uint32_t d = 0; d < head_dim_; ++d) {
      keys[d * cpu::kBlock] = key[std::size_t{head} * head_dim_ + d];
      values[d * cpu::kBlock] = value[std::size_t{head} * head_dim_ + d];
    }
  }
}

}  // namespace hart::nn
