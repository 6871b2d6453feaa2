#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/endian.h"
#include "tensor/convert.h"
#include "tensor/weight_codec.h"

namespace hart::tensor {

inline constexpr DType kWeightTypes[] = {DType::bf16, DType::f16, DType::f32};

inline std::size_t element_bytes(DType dtype) {
  return dtype_info(dtype).block_bytes;
}

/// Normal weights with a scale a row, as `dtype`.
inline ByteBuffer normal_weights(DType dtype, std::size_t n, std::size_t row, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  float scale = 1;
  for (std::size_t i = 0; i < n; ++i) {
    if (i % row == 0) scale = 0.02f * std::exp(0.5f * normal(random));
    values[i] = scale * normal(random);
  }
  ByteBuffer bytes(n * element_bytes(dtype));
  quantize_row(dtype, values, bytes);
  return bytes;
}

/// `base` with this share of its elements moved by a few units in the last place.
inline ByteBuffer moved_weights(DType dtype, const ByteBuffer& base, double share,
                                unsigned seed) {
  std::mt19937 random{seed};
  std::uniform_real_distribution<double> uniform;
  std::uniform_int_distribution<int> step{-9, 9};
  ByteBuffer moved = base;
  for (std::size_t at = 0; at < moved.size(); at += element_bytes(dtype)) {
    if (uniform(random) >= share) continue;
    if (dtype == DType::f32)
      store_le(&moved[at], load_le<std::uint32_t>(&moved[at]) + 1000u * unsigned(step(random)));
    else
      store_le(&moved[at], std::uint16_t(load_le<std::uint16_t>(&moved[at]) + step(random)));
  }
  return moved;
}

inline ByteBuffer random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random{seed};
  ByteBuffer bytes(size);
  for (std::uint8_t& byte : bytes) byte = std::uint8_t(random());
  return bytes;
}

struct WeightSample {
  std::string name;
  ByteBuffer values, base;
};

/// Bit patterns that a float codec gets wrong first, each with a base.
inline std::vector<WeightSample> edge_samples(DType dtype, std::size_t n) {
  const std::size_t size = n * element_bytes(dtype);
  const ByteBuffer normal = normal_weights(dtype, n, 100, 1);
  ByteBuffer ones(size);
  for (std::size_t i = 0; i < size; ++i) ones[i] = std::uint8_t(i % element_bytes(dtype) + 60);
  // Signs, zeros, infinities, NaNs and subnormals: the upper byte takes extreme values only.
  ByteBuffer specials = random_bytes(size, 2);
  constexpr std::uint8_t kUpper[] = {0x00, 0x80, 0x7f, 0xff, 0x7c, 0xfc, 0x01, 0x81};
  std::mt19937 random{3};
  for (std::size_t at = element_bytes(dtype) - 1; at < size; at += element_bytes(dtype)) {
    specials[at] = kUpper[random() % 8];
    if (random() % 2 == 0)
      for (std::size_t k = 1; k < element_bytes(dtype); ++k) specials[at - k] = 0;
  }
  ByteBuffer half_zero = normal;
  for (std::size_t at = 0; at < size / 2; ++at) half_zero[at] = 0;
  return {{"normal to sparse", moved_weights(dtype, normal, 0.05, 4), normal},
          {"normal to dense", moved_weights(dtype, normal, 0.8, 5), normal},
          {"every element moved", moved_weights(dtype, normal, 1, 6), normal},
          {"unrelated base", normal, normal_weights(dtype, n, 50, 7)},
          {"equal to the base", normal, normal},
          {"all zero", ByteBuffer(size), normal},
          {"all equal", ones, ones},
          {"random bits", random_bytes(size, 8), random_bytes(size, 9)},
          {"specials", specials, normal},
          {"specials in the base", normal, specials},
          {"half zero", half_zero, normal}};
}

}  // namespace hart::tensor
