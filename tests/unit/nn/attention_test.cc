#include <doctest/doctest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <random>
#include <vector>

#include "nn/cpu/ops.h"
#include "nn/kv_cache.h"
#include "tensor/convert.h"

namespace hart::nn {
namespace {

std::vector<float> normals(std::mt19937& random, std::size_t count) {
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// What a cache gives back of a head's key or value.
std::vector<double> kept(KvType type, const float* values, std::size_t head_dim) {
  std::vector<double> out(values, values + head_dim);
  if (type == KvType::f16)
    for (double& value : out)
      value = tensor::f16_to_f32(tensor::f32_to_f16(static_cast<float>(value)));
  if (type != KvType::q8_0) return out;
  for (std::size_t first = 0; first < head_dim; first += 32) {
    const std::size_t last = std::min(first + 32, head_dim);
    float most = 0;
    for (std::size_t d = first; d < last; ++d) most = std::max(most, std::fabs(values[d]));
    for (std::size_t d = first; d < last; ++d)
      out[d] = std::lrint(values[d] * (127 / most)) * static_cast<double>(most / 127);
  }
  return out;
}

/// One query over the keys and values of a layer with two heads, of which the second counts.
struct Attention {
  Attention(KvType the_type, std::size_t positions, std::size_t dim, std::mt19937& random)
      : type{the_type},
        count{positions},
        head_dim{dim},
        query{normals(random, dim)},
        keys{normals(random, positions * dim * 2)},
        values{normals(random, positions * dim * 2)},
        cache{the_type, 2, 2, static_cast<std::uint32_t>(dim),
              static_cast<std::uint32_t>(positions + 5)} {
    const std::vector<float> large(dim * 2, 1e3f);
    for (std::uint32_t t = 0; t < positions + 5; ++t) {
      const bool is_there = t < positions;
      cache.store(1, t, is_there ? &keys[t * dim * 2] : large.data(),
                  is_there ? &values[t * dim * 2] : large.data());
    }
  }

  [[nodiscard]] std::vector<float> run(const cpu::Ops& variant, std::size_t begin = 0,
                                       float softcap = 0) const {
    std::vector<float> scratch(2 * cpu::kTile), out(head_dim);
    cpu::SoftmaxState state;
    for (std::size_t tile = begin / cpu::kTile * cpu::kTile; tile < count; tile += cpu::kTile)
      variant.attend_tile({head_dim, scale(), softcap}, query.data(), cache.blocks(1, 1, tile),
                          std::max(begin, tile) - tile, std::min(count - tile, cpu::kTile),
                          scratch.data(), state, out.data());
    cpu::finish_attention(state, head_dim, out.data());
    return out;
  }

  [[nodiscard]] std::vector<double> exact(std::size_t begin = 0, double softcap = 0) const {
    std::vector<double> out(head_dim);
    double total = 0;
    for (std::size_t t = begin; t < count; ++t) {
      const std::vector<double> key = kept(type, &keys[(t * 2 + 1) * head_dim], head_dim);
      const std::vector<double> value = kept(type, &values[(t * 2 + 1) * head_dim], head_dim);
      double score = 0;
      for (std::size_t d = 0; d < head_dim; ++d) score += query[d] * key[d];
      score *= static_cast<double>(scale());
      if (softcap != 0) score = softcap * std::tanh(score / softcap);
      const double weight = std::exp(score);
      total += weight;
      for (std::size_t d = 0; d < head_dim; ++d) out[d] += weight * value[d];
    }
    for (double& value : out) value /= total;
    return out;
  }

  [[nodiscard]] float scale() const { return 1.0f / std::sqrt(static_cast<float>(head_dim)); }
  /// A score is off by head_dim roundings, its exponential by as much, and values are below 6.
  [[nodiscard]] double bound() const {
    return 6 * (2.0 * static_cast<double>(head_dim + count) + 32) * FLT_EPSILON;
  }

  KvType type;
  std::size_t count, head_dim;
  std::vector<float> query, keys, values;
  KvCache cache;
};

constexpr KvType kTypes[] = {KvType::f32, KvType::f16, KvType::q8_0};

template <typename Check> void for_each_case(const Check& check) {
  std::mt19937 random{4};
  for (const KvType type : kTypes)
    for (const std::size_t count : {1u, 2u, 15u, 16u, 17u, 65u, 130u, 256u, 257u, 700u})
      for (const std::size_t head_dim : {2u, 6u, 10u, 33u, 64u}) {
        const Attention attention{type, count, head_dim, random};
        CAPTURE(count);
        CAPTURE(head_dim);
        check(attention);
      }
}

void check_near(const std::vector<float>& out, const std::vector<double>& exact, double bound) {
  for (std::size_t d = 0; d < out.size(); ++d)
    CHECK(std::abs(static_cast<double>(out[d]) - exact[d]) <= bound);
}

TEST_CASE("attend: agrees with attention in float64 over what the cache holds") {
  for_each_case([](const Attention& attention) {
    const std::vector<double> exact = attention.exact();
    for (const cpu::Ops& variant : cpu::all_ops())
      if (variant.is_supported) check_near(attention.run(variant), exact, attention.bound());
  });
}

TEST_CASE("attend: positions before the window count nothing, scores are capped") {
  for_each_case([](const Attention& attention) {
    const std::size_t begin = attention.count * 2 / 3;
    check_near(attention.run(cpu::ops(), begin), attention.exact(begin), attention.bound());
    check_near(attention.run(cpu::ops(), begin, 2), attention.exact(begin, 2),
               attention.bound() * 4);
  });
}

TEST_CASE("attend: every variant gives the same bits") {
  for_each_case([](const Attention& attention) {
    const std::vector<float> first = attention.run(cpu::all_ops().front(), 0, 3);
    for (const cpu::Ops& variant : cpu::all_ops())
      if (variant.is_supported) CHECK(attention.run(variant, 0, 3) == first);
  });
}

TEST_CASE("KvCache: what is copied out and in again is what was stored") {
  std::mt19937 random{8};
  for (const KvType type : kTypes) {
    const Attention attention{type, 37, 33, random};
    std::vector<std::uint8_t> bytes(attention.cache.bytes_of(37));
    attention.cache.copy_out(37, bytes.data());
    KvCache other{type, 2, 2, 33, 64};
    CHECK(other.bytes_of(37) == bytes.size());
    other.copy_in(37, bytes.data());
    std::vector<std::uint8_t> again(bytes.size());
    other.copy_out(37, again.data());
    CHECK(again == bytes);
  }
}

TEST_CASE("KvCache: numbers beyond binary16 become its greatest") {
  KvCache cache{KvType::f16, 1, 1, 2, 4};
  const float key[] = {1e6f, -1e6f};
  cache.store(0, 0, key, key);
  const auto* stored = static_cast<const std::uint16_t*>(cache.blocks(0, 0, 0).keys);
  CHECK(tensor::f16_to_f32(stored[0]) == 65504);
  CHECK(tensor::f16_to_f32(stored[cpu::kBlock]) == -65504);
}

}  // namespace
}  // namespace hart::nn
