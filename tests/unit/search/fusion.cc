#include "search/fusion.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "core/error.h"

namespace {

using hart::Error;
using namespace hart::search;

ScoredList list_of(const std::vector<std::int64_t>& atoms) {
  ScoredList list;
  for (const std::int64_t atom : atoms) list.atoms.push_back({atom, 0});
  return list;
}

TEST_CASE("fusion: a score is the sum of 1 / (60 + rank) over the lists") {
  const std::array lists{list_of({10, 20, 30}), list_of({30, 10})};
  const auto fused = fuse_ranks(lists);
  REQUIRE(fused.size() == 3);
  CHECK(fused[0].atom_id == 10);
  CHECK(fused[0].score == doctest::Approx(1.0 / 61 + 1.0 / 62));
  CHECK(fused[1].atom_id == 30);
  CHECK(fused[1].score == doctest::Approx(1.0 / 63 + 1.0 / 61));
  CHECK(fused[2].score == doctest::Approx(1.0 / 62));
}

TEST_CASE("fusion: two middling ranks beat one first rank") {
  const std::array lists{list_of({1, 2}), list_of({3, 2})};
  CHECK(fuse_ranks(lists).front().atom_id == 2);
}

TEST_CASE("fusion: the order of the lists changes nothing, and ties stand by atom id") {
  const std::array one{list_of({7, 3}), list_of({5, 3})};
  const std::array other{list_of({5, 3}), list_of({7, 3})};
  for (const auto& order : {one, other}) {
    std::vector<std::int64_t> atoms;
    for (const auto& fused : fuse_ranks(order)) atoms.push_back(fused.atom_id);
    CHECK(atoms == std::vector<std::int64_t>{3, 5, 7});
  }
}

TEST_CASE("fusion: empty lists add nothing") {
  const std::array lists{list_of({}), list_of({4})};
  REQUIRE(fuse_ranks(lists).size() == 1);
  CHECK(fuse_ranks(lists).front().score == doctest::Approx(1.0 / 61));
  CHECK(fuse_ranks({}).empty());
  CHECK(fuse_scores({}).empty());
  CHECK(fuse_scores(std::array{list_of({}), list_of({4})}).size() == 1);
}

TEST_CASE("fusion: a weight scales what a list adds, and none leaves its order out") {
  std::array lists{list_of({1, 2}), list_of({3, 4})};
  lists[1].weight = 2;
  CHECK(fuse_ranks(lists).front().atom_id == 3);
  CHECK(fuse_ranks(lists).front().score == doctest::Approx(2.0 / 61));
  lists[1].weight = 0;
  CHECK(fuse_ranks(lists).front().atom_id == 1);
  CHECK(fuse_ranks(lists).back().score == 0);
}

TEST_CASE("fusion: scores are scaled from the least there can be to the list's best") {
  ScoredList cosine{{{1, 0.8}, {2, 0.5}}, 0.7, -1};
  ScoredList bm25{{{2, 6.0}, {3, 3.0}}, 0.3, 0};
  const std::array lists{cosine, bm25};
  const auto fused = fuse_scores(lists);
  REQUIRE(fused.size() == 3);
  CHECK(fused[0].atom_id == 2);
  CHECK(fused[0].score == doctest::Approx(0.7 * 1.5 / 1.8 + 0.3));
  CHECK(fused[1].score == doctest::Approx(0.7));
  CHECK(fused[2].score == doctest::Approx(0.3 * 0.5));
}

TEST_CASE("fusion: without a least score the list's own last is worth nothing") {
  const std::array lists{ScoredList{{{1, 9}, {2, 5}, {3, 1}}, 2, std::nullopt}};
  const auto fused = fuse_scores(lists);
  CHECK(fused[1].score == doctest::Approx(0.5));
  CHECK(fused[2].score == 0);
  const std::array equal{ScoredList{{{4, 3}, {2, 3}}, 1, std::nullopt}};
  CHECK(fuse_scores(equal)[0].atom_id == 2);
  CHECK(fuse_scores(equal)[1].score == 1);
}

TEST_CASE("fusion: weights are read by name, and refused when they are none") {
  CHECK(parse_weights("vector=0.7,text=0.3") == FusionWeights{0.7, 0.3});
  CHECK(parse_weights("text=0") == FusionWeights{1, 0});
  for (const char* text : {"vector", "vector=", "words=1", "vector=-1", "vector=0,text=0",
                           "vector=nan", "vector=inf", "vector=1;text=1", "vector=1 "}) {
    CAPTURE(text);
    CHECK_THROWS_AS((void)parse_weights(text), Error);
  }
}

}  // namespace
