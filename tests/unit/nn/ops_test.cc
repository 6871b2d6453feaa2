#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <random>
#include <vector>

#include "nn/cpu/ops.h"
#include "tensor/convert.h"

namespace hart::nn::cpu {
namespace {

std::vector<float> normals(std::mt19937& random, std::size_t count, float scale = 1.0f) {
  std::normal_distribution<float> normal{0.0f, scale};
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// Runs `check` for every variant that this processor supports.
template <typename Check> void for_each_variant(const Check& check) {
  int run = 0;
  for (const Ops& variant : all_ops()) {
    if (!variant.is_supported) continue;
    CAPTURE(variant.name);
    check(variant);
    ++run;
  }
  CHECK(run >= 1);
}

constexpr std::size_t kSizes[] = {1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 172, 256};

TEST_CASE("exp_minus: the relative error is below 2e-7, the ends are finite") {
  for_each_variant([](const Ops& variant) {
    for (float x = -87.0f; x < 88.0f; x += 0.00917f) {
      float power = 0;
      variant.exp_minus(&x, 0.0f, 1, &power);
      CHECK(std::abs(power / std::exp(static_cast<double>(x)) - 1) < 2e-7);
    }
    std::vector<float> ends = {-INFINITY, -1e30f, 0.0f, 1e30f, INFINITY, NAN};
    variant.exp_minus(ends.data(), 0.0f, ends.size(), ends.data());
    CHECK(ends[0] < 2e-38f);
    CHECK(ends[1] < 2e-38f);
    CHECK(ends[2] == 1.0f);
    CHECK(std::isfinite(ends[3]));
    CHECK(std::isfinite(ends[4]));
    CHECK(std::isnan(ends[5]));
  });
}

TEST_CASE("exp_minus: a value does not depend on its place in the array") {
  std::mt19937 random{1};
  const std::vector<float> x = normals(random, 37, 10);
  for_each_variant([&](const Ops& variant) {
    std::vector<float> together(x.size());
    variant.exp_minus(x.data(), 0.5f, x.size(), together.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      float alone = 0;
      variant.exp_minus(&x[i], 0.5f, 1, &alone);
      CHECK(alone == together[i]);
    }
  });
}

TEST_CASE("rms_norm: within the rounding bound of the float64 value") {
  std::mt19937 random{2};
  for (const std::size_t n : kSizes) {
    const std::vector<float> x = normals(random, n), weight = normals(random, n);
    double squares = 0;
    for (const float value : x) squares += static_cast<double>(value) * value;
    const double scale = 1 / std::sqrt(squares / n + 1e-5);
    for_each_variant([&](const Ops& variant) {
      std::vector<float> out = x;
      variant.rms_norm(out.data(), weight.data(), n, 1e-5f, out.data());
      for (std::size_t i = 0; i < n; ++i) {
        const double exact = x[i] * scale * weight[i];
        CHECK(std::abs(out[i] - exact) <= (n + 8) * FLT_EPSILON * std::abs(exact));
      }
    });
  }
}

TEST_CASE("silu_multiply: within the rounding bound of the float64 value") {
  std::mt19937 random{3};
  for (const std::size_t n : kSizes) {
    const std::vector<float> gate = normals(random, n, 8), up = normals(random, n);
    for_each_variant([&](const Ops& variant) {
      std::vector<float> out = gate;
      variant.silu_multiply(out.data(), up.data(), n);
      for (std::size_t i = 0; i < n; ++i) {
        const double exact = gate[i] / (1 + std::exp(-static_cast<double>(gate[i]))) * up[i];
        CHECK(std::abs(out[i] - exact) <= 4e-7 * std::abs(exact));
      }
    });
  }
}

TEST_CASE("layer_norm: within the rounding bound of the float64 value, with a bias or none") {
  std::mt19937 random{6};
  for (const std::size_t n : kSizes) {
    const std::vector<float> x = normals(random, n), weight = normals(random, n),
                             bias = normals(random, n);
    double mean = 0, variance = 0;
    for (const float value : x) mean += static_cast<double>(value) / n;
    for (const float value : x) variance += (value - mean) * (value - mean) / n;
    for_each_variant([&](const Ops& variant) {
      std::vector<float> out = x, plain(n);
      variant.layer_norm(out.data(), weight.data(), bias.data(), n, 1e-5f, out.data());
      variant.layer_norm(x.data(), weight.data(), nullptr, n, 1e-5f, plain.data());
      for (std::size_t i = 0; i < n; ++i) {
        const double scaled = (x[i] - mean) / std::sqrt(variance + 1e-5) * weight[i];
        // The mean's rounding weighs as much as a value.
        const double bound = (n + 8) * FLT_EPSILON *
                             (1 + std::abs(scaled) + std::abs(bias[i])) * std::abs(weight[i]) *
                             (1 + 1 / std::sqrt(variance + 1e-5));
        CHECK(std::abs(plain[i] - scaled) <= bound + 1e-30);
        CHECK(std::abs(out[i] - (scaled + bias[i])) <= bound + FLT_EPSILON * 8);
      }
    });
  }
}

TEST_CASE("gelu_multiply, gelu_erf, softcap: near the float64 value") {
  std::mt19937 random{7};
  for (const std::size_t n : kSizes) {
    const std::vector<float> x = normals(random, n, 4), up = normals(random, n);
    for_each_variant([&](const Ops& variant) {
      std::vector<float> gated = x, exact = x, capped = x;
      variant.gelu_multiply(gated.data(), up.data(), n);
      variant.gelu_erf(exact.data(), n);
      variant.softcap(capped.data(), 5, n);
      for (std::size_t i = 0; i < n; ++i) {
        const double v = x[i];
        const double u = std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v);
        const double gate = v / 2 * (1 + std::tanh(u)) * up[i];
        CHECK(std::abs(gated[i] - gate) <= 2e-6 * std::abs(v * up[i]));
        CHECK(std::abs(exact[i] - v / 2 * (1 + std::erf(v / std::sqrt(2)))) <=
              4e-7 * std::abs(v));
        CHECK(std::abs(capped[i] - 5 * std::tanh(v / 5)) <= 3e-6);
      }
    });
  }
}

TEST_CASE("ops: every variant gives the same bits") {
  std::mt19937 random{5};
  const Ops& first = all_ops().front();
  for (const std::size_t n : kSizes) {
    const std::vector<float> x = normals(random, n, 5), y = normals(random, n);
    std::vector<float> norm(n), power(n), gate = x;
    first.rms_norm(x.data(), y.data(), n, 1e-6f, norm.data());
    first.exp_minus(x.data(), 1.5f, n, power.data());
    first.silu_multiply(gate.data(), y.data(), n);
    std::vector<float> gelu = x, erf = x, cap = x, layer(n);
    first.gelu_multiply(gelu.data(), y.data(), n);
    first.gelu_erf(erf.data(), n);
    first.softcap(cap.data(), 3, n);
    first.layer_norm(x.data(), y.data(), y.data(), n, 1e-6f, layer.data());
    for_each_variant([&](const Ops& variant) {
      std::vector<float> out(n);
      variant.rms_norm(x.data(), y.data(), n, 1e-6f, out.data());
      CHECK(out == norm);
      variant.exp_minus(x.data(), 1.5f, n, out.data());
      CHECK(out == power);
      out = x;
      variant.silu_multiply(out.data(), y.data(), n);
      CHECK(out == gate);
      out = x;
      variant.gelu_multiply(out.data(), y.data(), n);
      CHECK(out == gelu);
      out = x;
      variant.gelu_erf(out.data(), n);
      CHECK(out == erf);
      out = x;
      variant.softcap(out.data(), 3, n);
      CHECK(out == cap);
      variant.layer_norm(x.data(), y.data(), y.data(), n, 1e-6f, out.data());
      CHECK(out == layer);
    });
  }
}

TEST_CASE("to_halves: each is the nearest binary16, what is beyond the greatest becomes it") {
  std::mt19937 random{6};
  std::vector<float> x = {0.0f, -0.0f, 65504.0f, 65519.0f, 1e30f, -1e30f, 5.9e-8f, 2.9e-8f};
  while (x.size() < 4099) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (std::isfinite(value)) x.push_back(value);
  }
  for_each_variant([&](const Ops& variant) {
    std::vector<std::uint16_t> halves(x.size());
    variant.to_halves(x.data(), x.size(), halves.data());
    for (std::size_t i = 0; i < x.size(); ++i)
      CHECK(halves[i] == tensor::f32_to_f16(std::clamp(x[i], -kMostHalf, kMostHalf)));
  });
}

TEST_CASE("ops: the chosen variant is one that this processor supports") {
  CHECK(all_ops().front().is_supported);
  CHECK(ops().is_supported);
}

}  // namespace
}  // namespace hart::nn::cpu
