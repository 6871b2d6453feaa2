#pragma once

#include "nn/cpu/ops_vectors.h"
#ifndef __F16C__
#include "tensor/convert.h"
#endif

namespace hart::nn::cpu {
namespace {

/// x[i] = body(x[i]) by vectors; what is left over is padded with zeros.
template <typename Body> inline void transform(float* x, std::size_t n, Body body) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(x + i, body(load(x + i)));
  if (i == n) return;
  float rest[kLanes] = {};
  std::memcpy(rest, x + i, (n - i) * sizeof(float));
  store(rest, body(load(rest)));
  std::memcpy(x + i, rest, (n - i) * sizeof(float));
}

/// The same with a second argument.
template <typename Body>
inline void transform(float* x, const float* y, std::size_t n, Body body) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(x + i, body(load(x + i), load(y + i)));
  if (i == n) return;
  float x_rest[kLanes] = {}, y_rest[kLanes] = {};
  std::memcpy(x_rest, x + i, (n - i) * sizeof(float));
  std::memcpy(y_rest, y + i, (n - i) * sizeof(float));
  store(x_rest, body(load(x_rest), load(y_rest)));
  std::memcpy(x + i, x_rest, (n - i) * sizeof(float));
}

void exp_minus(const float* x, float offset, std::size_t n, float* out) noexcept {
  if (out != x) std::memcpy(out, x, n * sizeof(float));
  transform(out, n, [offset](Floats value) { return exp_of(value - offset); });
}

void silu_multiply(float* gate, const float* up, std::size_t n) noexcept {
  transform(gate, up, n, [](Floats x, Floats y) { return x / (exp_of(-x) + 1.0f) * y; });
}

/// x / 2 * (1 + tanh u) = x / (1 + exp(-2u)): nothing cancels.
void gelu_multiply(float* gate, const float* up, std::size_t n) noexcept {
  transform(gate, up, n, [](Floats x, Floats y) {
    const Floats u = 0.797884561f * (x + 0.044715f * (x * x * x));
    return x / (exp_of(-2.0f * u) + 1.0f) * y;
  });
}

void gelu_erf(float* x, std::size_t n) noexcept {
  transform(x, n, [](Floats value) {
    const Floats scaled = value * 0.707106781f;
    const Floats magnitude = max_of(scaled, -scaled);
    const Floats t = 1.0f / (1.0f + 0.3275911f * magnitude);
    Floats sum = splat(1.061405429f);
    sum = sum * t - 1.453152027f;
    sum = sum * t + 1.421413741f;
    sum = sum * t - 0.284496736f;
    sum = sum * t + 0.254829592f;
    const Floats rest = sum * t * exp_of(-(magnitude * magnitude));
    // 1 + erf: 2 - rest where x is not negative, rest where it is.
    const Floats one_and_erf = value < splat(0.0f) ? rest : 2.0f - rest;
    return 0.5f * value * one_and_erf;
  });
}

void softcap(float* x, float cap, std::size_t n) noexcept {
  const float inverse = 1.0f / cap;
  transform(x, n, [=](Floats value) { return tanh_of(value * inverse) * cap; });
}

void rms_norm(const float* x, const float* weight, std::size_t n, float epsilon,
              float* out) noexcept {
  Row squares = zero_row();
  std::size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    const Row row = load_row(x + i);
    for (std::size_t p = 0; p < kParts; ++p) squares.part[p] += row.part[p] * row.part[p];
  }
  float sum = sum_row(squares);
  for (; i < n; ++i) sum += x[i] * x[i];
  const float scale = 1.0f / __builtin_sqrtf(sum / static_cast<float>(n) + epsilon);
  i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, load(x + i) * scale * load(weight + i));
  for (; i < n; ++i) out[i] = x[i] * scale * weight[i];
}

#ifdef __F16C__
void to_halves(const float* x, std::size_t n, std::uint16_t* out) noexcept {
  typedef float Eight __attribute__((vector_size(32)));
  typedef short EightHalves __attribute__((vector_size(16)));
  const Eight most = Eight{} + kMostHalf;
  const auto convert = [most](const float* from, std::uint16_t* to) {
    Eight values;
    std::memcpy(&values, from, sizeof values);
    values = values > most ? most : values;
    values = values < -most ? -most : values;
    const EightHalves halves = __builtin_ia32_vcvtps2ph256(values, 0);
    std::memcpy(to, &halves, sizeof halves);
  };
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) convert(x + i, out + i);
  if (i == n) return;
  float x_rest[8] = {};
  std::uint16_t out_rest[8];
  std::memcpy(x_rest, x + i, (n - i) * sizeof(float));
  convert(x_rest, out_rest);
  std::memcpy(out + i, out_rest, (n - i) * sizeof(std::uint16_t));
}
#else
void to_halves(const float* x, std::size_t n, std::uint16_t* out) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const float value = x[i] > kMostHalf ? kMostHalf : x[i];
    out[i] = tensor::f32_to_f16(value < -kMostHalf ? -kMostHalf : value);
  }
}
#endif

inline float sum_of(const float* x, std::size_t n) noexcept {
  Row sums = zero_row();
  std::size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    const Row row = load_row(x + i);
    for (std::size_t p = 0; p < kParts; ++p) sums.part[p] += row.part[p];
  }
  float sum = sum_row(sums);
  for (; i < n; ++i) sum += x[i];
  return sum;
}

void layer_norm(const float* x, const float* weight, const float* bias, std::size_t n,
                float epsilon, float* out) noexcept {
  const float mean = sum_of(x, n) / static_cast<float>(n);
  if (out != x) std::memcpy(out, x, n * sizeof(float));
  transform(out, n, [mean](Floats value) { return value - mean; });
  Row squares = zero_row();
  std::size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    const Row row = load_row(out + i);
    for (std::size_t p = 0; p < kParts; ++p) squares.part[p] += row.part[p] * row.part[p];
  }
  float sum = sum_row(squares);
  for (; i < n; ++i) sum += out[i] * out[i];
  const float scale = 1.0f / __builtin_sqrtf(sum / static_cast<float>(n) + epsilon);
  transform(out, weight, n, [scale](Floats x_i, Floats w) { return x_i * scale * w; });
  if (bias != nullptr) transform(out, bias, n, [](Floats x_i, Floats b) { return x_i + b; });
}

}  // namespace
}  // namespace hart::nn::cpu
