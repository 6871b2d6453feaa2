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

typedef float Four __attribute__((vector_size(16)));

/// What is left of a row when its upper half has been added to its lower one, until four
/// remain.
inline Four fold_row(const Row& row) noexcept {
#if HART_LANES == 4
  return (row.part[0] + row.part[2]) + (row.part[1] + row.part[3]);
#else
#if HART_LANES == 8
  const Floats eight = row.part[0] + row.part[1];
#else
  typedef float Eight __attribute__((vector_size(32)));
  const Floats& all = row.part[0];
  const Eight eight = __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7) +
                      __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
  return __builtin_shufflevector(eight, eight, 0, 1, 2, 3) +
         __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
#endif
}

/// The sum of a row, halves first: one order for every vector width.
inline float sum_row(const Row& row) noexcept {
  const Four four = fold_row(row);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/// The same of each of four rows.
inline Four sum_rows(const Row* rows) noexcept {
  Four folded[4];
  for (std::size_t i = 0; i < 4; ++i) folded[i] = fold_row(rows[i]);
  Four pairs[2];
  for (std::size_t i = 0; i < 2; ++i)
    pairs[i] = __builtin_shufflevector(folded[2 * i], folded[2 * i + 1], 0, 1, 4, 5) +
               __builtin_shufflevector(folded[2 * i], folded[2 * i + 1], 2, 3, 6, 7);
  return __builtin_shufflevector(pairs[0], pairs[1], 0, 2, 4, 6) +
         __builtin_shufflevector(pairs[0], pairs[1], 1, 3, 5, 7);
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
