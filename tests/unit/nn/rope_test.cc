#include "nn/rope.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace hart::nn {
namespace {

std::vector<float> rotated(RopePairing pairing, std::vector<float> x, std::size_t pairs) {
  const std::vector<float> cosines(pairs, 0.0f), sines(pairs, 1.0f);  // a quarter turn
  rotate_pairs(pairing, x.data(), 2, x.size() / 2, pairs, cosines.data(), sines.data());
  return x;
}

TEST_CASE("rotate_pairs: turns neighbours, or a number and the one half the turned part on") {
  CHECK(rotated(RopePairing::adjacent, {1, 2, 3, 4, 5, 6, 7, 8}, 2) ==
        std::vector<float>{-2, 1, -4, 3, -6, 5, -8, 7});
  CHECK(rotated(RopePairing::halves, {1, 2, 3, 4, 5, 6, 7, 8}, 2) ==
        std::vector<float>{-3, -4, 1, 2, -7, -8, 5, 6});
}

TEST_CASE("rotate_pairs: what lies behind the turned part of a head stays") {
  CHECK(rotated(RopePairing::adjacent, {1, 2, 3, 4, 5, 6, 7, 8}, 1) ==
        std::vector<float>{-2, 1, 3, 4, -6, 5, 7, 8});
  CHECK(rotated(RopePairing::halves, {1, 2, 3, 4, 5, 6, 7, 8}, 1) ==
        std::vector<float>{-2, 1, 3, 4, -6, 5, 7, 8});
}

TEST_CASE("make_rope_table: yarn keeps fast frequencies and divides slow ones by the factor") {
  const RopeParameters yarn{
      .dims = 64, .scaling = RopeScaling::yarn, .factor = 4, .original_context = 4096};
  const RopeTable table = make_rope_table(yarn, {});
  CHECK(table.frequencies.front() == 1);
  CHECK(table.frequencies.back() == doctest::Approx(std::pow(10000, -62.0 / 64) / 4));
  CHECK(table.magnitude == doctest::Approx(1 + 0.1 * std::log(4)));
}

TEST_CASE("rope_angles: the magnitude multiplies both, angles grow with the position") {
  const RopeTable table{{0.5, 0.25}, 2};
  float cosines[2], sines[2];
  rope_angles(table, 3, cosines, sines);
  CHECK(cosines[0] == doctest::Approx(2 * std::cos(1.5)));
  CHECK(sines[1] == doctest::Approx(2 * std::sin(0.75)));
}

}  // namespace
}  // namespace hart::nn
