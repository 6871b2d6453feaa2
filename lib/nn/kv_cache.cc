#include "nn/kv_cache.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "core/checked.h"

namespace hart::nn {
namespace {

constexpr const char* kWhat = "key-value cache";

std::size_t number_bytes(KvType type) noexcept {
  return type == KvType::f32 ? 4 : type == KvType::f16 ? 2 : 1;
}

/// Floats for `units` a block over all heads and layers.
std::size_t cache_floats(std::uint64_t heads, std::size_t blocks, std::size_t units) {
  return checked_multiply(checked_multiply(heads, blocks, kWhat), units, kWhat);
}

/// Numbers of a position that are narrowed at a time.
constexpr std::uint32_t kNarrowed = 64;

}  // namespace

KvCache::KvCache(KvType type, std::uint32_t n_layers, std::uint32_t n_kv_heads,
                 std::uint32_t head_dim, std::uint32_t context_length)
    : type_{type},
      n_layers_{n_layers},
      n_kv_heads_{n_kv_heads},
      head_dim_{head_dim},
      padded_length_{checked_align(context_length, cpu::kBlock, kWhat)},
      block_bytes_{std::size_t{head_dim} * cpu::kBlock * number_bytes(type)},
      block_scales_{type == KvType::q8_0
                        ? (head_dim + cpu::kScaled - 1) / cpu::kScaled * cpu::kBlock
                        : 0} {
  const std::uint64_t heads = checked_multiply(n_layers, n_kv_heads, kWhat);
  const std::size_t blocks = padded_length_ / cpu::kBlock;
  // A block's bytes are a multiple of 4: it has 16 columns.
  keys_ = ZeroedFloats{cache_floats(heads, blocks, block_bytes_ / 4)};
  values_ = ZeroedFloats{cache_floats(heads, blocks, block_bytes_ / 4)};
  if (block_scales_ == 0) return;
  key_scales_ = ZeroedFloats{cache_floats(heads, blocks, block_scales_)};
  value_scales_ = ZeroedFloats{cache_floats(heads, blocks, block_scales_)};
}

void KvCache::store_head(std::size_t head, std::uint32_t position, const float* values,
                         std::uint8_t* numbers, float* scales) const noexcept {
  const std::size_t block = head * (padded_length_ / cpu::kBlock) + position / cpu::kBlock;
  const std::size_t lane = position % cpu::kBlock;
  std::uint8_t* at = numbers + block * block_bytes_;
  if (type_ == KvType::f32) {
    float* column = reinterpret_cast<float*>(at) + lane;
    for (std::uint32_t d = 0; d < head_dim_; ++d) column[d * cpu::kBlock] = values[d];
    return;
  }
  if (type_ == KvType::f16) {
    auto* column = reinterpret_cast<std::uint16_t*>(at) + lane;
    std::array<std::uint16_t, kNarrowed> halves;
    for (std::uint32_t first = 0; first < head_dim_; first += kNarrowed) {
      const std::uint32_t count = std::min(kNarrowed, head_dim_ - first);
      cpu::ops().to_halves(values + first, count, halves.data());
      for (std::uint32_t d = 0; d < count; ++d) column[(first + d) * cpu::kBlock] = halves[d];
    }
    return;
  }
  auto* column = reinterpret_cast<std::int8_t*>(at) + lane;
  for (std::uint32_t first = 0; first < head_dim_; first += cpu::kScaled) {
    const std::uint32_t last = std::min<std::uint32_t>(first + cpu::kScaled, head_dim_);
    float most = 0;
    for (std::uint32_t d = first; d < last; ++d) most = std::max(most, std::fabs(values[d]));
    const float inverse = most > 0 ? 127 / most : 0;
    for (std::uint32_t d = first; d < last; ++d)
      column[d * cpu::kBlock] =
          static_cast<std::int8_t>(std::clamp(std::lrint(values[d] * inverse), -127L, 127L));
    scales[block * block_scales_ + first / cpu::kScaled * cpu::kBlock + lane] = most / 127;
  }
}

void KvCache::store(std::uint32_t layer, std::uint32_t position, const float* key,
                    const float* value) noexcept {
  auto* keys = reinterpret_cast<std::uint8_t*>(keys_.data());
  auto* values = reinterpret_cast<std::uint8_t*>(values_.data());
  for (std::uint32_t head = 0; head < n_kv_heads_; ++head) {
    const std::size_t index = std::size_t{layer} * n_kv_heads_ + head;
    const std::size_t offset = std::size_t{head} * head_dim_;
    store_head(index, position, key + offset, keys, key_scales_.data());
    store_head(index, position, value + offset, values, value_scales_.data());
  }
}

cpu::KvBlocks KvCache::blocks(std::uint32_t layer, std::uint32_t head,
                              std::size_t position) const noexcept {
  const std::size_t block =
      (std::size_t{layer} * n_kv_heads_ + head) * (padded_length_ / cpu::kBlock) +
      position / cpu::kBlock;
  const auto* keys = reinterpret_cast<const std::uint8_t*>(keys_.data());
  const auto* values = reinterpret_cast<const std::uint8_t*>(values_.data());
  cpu::KvBlocks blocks{type_, keys + block * block_bytes_, values + block * block_bytes_};
  if (block_scales_ != 0) {
    blocks.key_scales = key_scales_.data() + block * block_scales_;
    blocks.value_scales = value_scales_.data() + block * block_scales_;
  }
  return blocks;
}

/// The whole blocks that hold the positions, of each head: keys, values, then their scales.
template <typename Visit>
void KvCache::visit_heads(std::uint32_t positions, Visit visit) const noexcept {
  const std::size_t blocks = (positions + cpu::kBlock - 1) / cpu::kBlock;
  const std::size_t head_blocks = padded_length_ / cpu::kBlock;
  for (std::size_t head = 0; head < std::size_t{n_layers_} * n_kv_heads_; ++head) {
    const std::size_t first = head * head_blocks;
    for (const ZeroedFloats* numbers : {&keys_, &values_})
      visit(reinterpret_cast<std::uint8_t*>(numbers->data()) + first * block_bytes_,
            blocks * block_bytes_);
    if (block_scales_ == 0) continue;
    for (const ZeroedFloats* scales : {&key_scales_, &value_scales_})
      visit(reinterpret_cast<std::uint8_t*>(scales->data() + first * block_scales_),
            blocks * block_scales_ * sizeof(float));
  }
}

std::size_t KvCache::bytes_of(std::uint32_t positions) const noexcept {
  std::size_t total = 0;
  visit_heads(positions, [&](const std::uint8_t*, std::size_t bytes) { total += bytes; });
  return total;
}

void KvCache::copy_out(std::uint32_t positions, std::uint8_t* bytes) const noexcept {
  visit_heads(positions, [&](const std::uint8_t* part, std::size_t size) {
    std::memcpy(bytes, part, size);
    bytes += size;
  });
}

void KvCache::copy_in(std::uint32_t positions, const std::uint8_t* bytes) noexcept {
  visit_heads(positions, [&](std::uint8_t* part, std::size_t size) {
    std::memcpy(part, bytes, size);
    bytes += size;
  });
}

}  // namespace hart::nn
