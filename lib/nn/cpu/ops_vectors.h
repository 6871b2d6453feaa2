#pragma once

// Vectors of HART_LANES floats, which the kernels of nn/cpu/ops.h are written over, once. Each
// instruction set has a file that defines HART_LANES and includes this one; everything here has
// internal linkage, so that no function compiled for one processor is linked into the code for
// another. For the same reason it calls compiler builtins where <cmath> has inline functions.
// The build keeps products and sums from being fused, so that all instruction sets give the
// same bits.
#ifndef HART_LANES
#define HART_LANES 4  // what any machine has
#endif

#include <cstdint>
#include <cstring>

#include "nn/cpu/ops.h"

namespace hart::nn::cpu {
namespace {

constexpr std::size_t kLanes = HART_LANES;
constexpr std::size_t kParts = kBlock / kLanes;  ///< vectors in a row of a block

typedef float Floats __attribute__((vector_size(4 * HART_LANES)));
typedef std::int32_t Ints __attribute__((vector_size(4 * HART_LANES)));

inline Floats load(const float* data) noexcept {
  Floats value;
  std::memcpy(&value, data, sizeof value);
  return value;
}
inline void store(float* data, Floats value) noexcept {
  std::memcpy(data, &value, sizeof value);
}
inline Floats splat(float value) noexcept {
  return Floats{} + value;
}
inline Floats max_of(Floats a, Floats b) noexcept {
  return a > b ? a : b;
}

/// kBlock numbers.
struct Row {
  Floats part[kParts];
};

inline Row load_row(const float* data) noexcept {
  Row row;
  for (std::size_t i = 0; i < kParts; ++i) row.part[i] = load(data + i * kLanes);
  return row;
}
inline void store_row(float* data, const Row& row) noexcept {
  for (std::size_t i = 0; i < kParts; ++i) store(data + i * kLanes, row.part[i]);
}
inline Row zero_row() noexcept {
  Row row;
  for (Floats& part : row.part) part = Floats{};
  return row;
}

/// The sum of a row, halves first: one order for every vector width.
inline float sum_row(const Row& row) noexcept {
  float values[kBlock];
  store_row(values, row);
  for (std::size_t half = kBlock / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) values[i] += values[i + half];
  return values[0];
}

/// exp(x) = 2^n * exp(r) with |r| <= ln 2 / 2, where the Taylor series to degree 7 leaves out
/// less than 6e-9 of the value. ln 2 is subtracted in two parts, the first exact in 15 bits.
inline Floats exp_of(Floats x) noexcept {
  x = x < splat(-87.0f) ? splat(-87.0f) : x;
  x = x > splat(88.0f) ? splat(88.0f) : x;
  // Adding 1.5 * 2^23 rounds to an integer, in the mode "nearest".
  const Floats rounder = splat(12582912.0f);
  const Floats n = (x * 1.44269504f + rounder) - rounder;
  const Floats r = (x - n * 0.693145751953125f) - n * 1.42860682e-6f;
  Floats sum = splat(1.0f / 5040);
  sum = sum * r + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;
  const Ints exponent = __builtin_convertvector(n, Ints) + 127;
  return sum * reinterpret_cast<Floats>(exponent << 23);
}

/// tanh(x) = 1 - 2 / (exp(2x) + 1): absolute error below 2e-7.
inline Floats tanh_of(Floats x) noexcept {
  return 1.0f - 2.0f / (exp_of(x + x) + 1.0f);
}

}  // namespace
}  // namespace hart::nn::cpu
