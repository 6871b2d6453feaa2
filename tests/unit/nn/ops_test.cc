#include <doctest/doctest.h>

#include <cfloat>
#include <cmath>
#include <random>
#include <vector>

#include "nn/cpu/ops.h"

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

/// A query, and `count` keys and values in blocks; what lies beyond them is large.
struct Attention {
  Attention(std::size_t positions, std::size_t dim, std::mt19937& random)
      : count{positions},
        head_dim{dim},
        query{normals(random, dim)},
        key_rows{normals(random, positions * dim)},
        value_rows{normals(random, positions * dim)},
        keys(blocks() * kBlock * dim, 1e3f),
        values(blocks() * kBlock * dim, 1e3f) {
    for (std::size_t t = 0; t < positions; ++t)
      for (std::size_t d = 0; d < dim; ++d) {
        const std::size_t at = (t / kBlock * dim + d) * kBlock + t % kBlock;
        keys[at] = key_rows[t * dim + d];
        values[at] = value_rows[t * dim + d];
      }
  }

  [[nodiscard]] std::size_t blocks() const { return (count + kBlock - 1) / kBlock; }

  [[nodiscard]] std::vector<float> run(const Ops& variant) const {
    std::vector<float> scores(blocks() * kBlock), out(head_dim);
    variant.attend(query.data(), keys.data(), values.data(), count, head_dim, scale(),
                   scores.data(), out.data());
    return out;
  }

  [[nodiscard]] std::vector<double> exact() const {
    std::vector<double> out(head_dim);
    double total = 0;
    for (std::size_t t = 0; t < count; ++t) {
      double score = 0;
      for (std::size_t d = 0; d < head_dim; ++d)
        score += static_cast<double>(query[d]) * key_rows[t * head_dim + d];
      const double weight = std::exp(score * scale());
      total += weight;
      for (std::size_t d = 0; d < head_dim; ++d)
        out[d] += weight * value_rows[t * head_dim + d];
    }
    for (double& value : out) value /= total;
    return out;
  }

  [[nodiscard]] float scale() const { return 1.0f / std::sqrt(static_cast<float>(head_dim)); }

  std::size_t count, head_dim;
  std::vector<float> query, key_rows, value_rows, keys, values;
};

TEST_CASE("attend: agrees with attention in float64, whatever lies behind the last position") {
  std::mt19937 random{4};
  for (const std::size_t count : {1u, 2u, 15u, 16u, 17u, 63u, 64u, 65u, 130u}) {
    for (const std::size_t head_dim : {2u, 6u, 8u, 10u, 64u}) {
      const Attention attention{count, head_dim, random};
      const std::vector<double> exact = attention.exact();
      CAPTURE(count);
      CAPTURE(head_dim);
      for_each_variant([&](const Ops& variant) {
        const std::vector<float> out = attention.run(variant);
        // A score is off by head_dim roundings, its exponential by as much, and values are
        // below 6.
        const double bound = 6 * (2.0 * head_dim + count + 16) * FLT_EPSILON;
        for (std::size_t d = 0; d < head_dim; ++d) CHECK(std::abs(out[d] - exact[d]) <= bound);
      });
    }
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
    const Attention attention{n, 10, random};
    const std::vector<float> mixed = attention.run(first);
    for_each_variant([&](const Ops& variant) {
      std::vector<float> out(n);
      variant.rms_norm(x.data(), y.data(), n, 1e-6f, out.data());
      CHECK(out == norm);
      variant.exp_minus(x.data(), 1.5f, n, out.data());
      CHECK(out == power);
      out = x;
      variant.silu_multiply(out.data(), y.data(), n);
      CHECK(out == gate);
      CHECK(attention.run(variant) == mixed);
    });
  }
}

TEST_CASE("ops: the chosen variant is one that this processor supports") {
  CHECK(all_ops().front().is_supported);
  CHECK(ops().is_supported);
}

}  // namespace
}  // namespace hart::nn::cpu
