#include "search/fusion.h"

#include <doctest/doctest.h>

#include <array>

namespace {

using hart::search::fuse_ranks;

using List = std::vector<std::int64_t>;

TEST_CASE("fusion: the score is the sum of 1 / (60 + rank) over the lists that hold the atom") {
  const std::array<List, 2> lists{List{7, 8, 9}, List{9, 7}};
  const auto fused = fuse_ranks(lists);
  REQUIRE(fused.size() == 3);
  CHECK(fused[0].atom_id == 7);
  CHECK(fused[0].score == doctest::Approx(1.0 / 61 + 1.0 / 62));
  CHECK(fused[1].atom_id == 9);
  CHECK(fused[1].score == doctest::Approx(1.0 / 63 + 1.0 / 61));
  CHECK(fused[2].atom_id == 8);
  CHECK(fused[2].score == doctest::Approx(1.0 / 62));
}

TEST_CASE("fusion: what two lists agree on comes before what one of them puts first") {
  const std::array<List, 2> lists{List{1, 2}, List{3, 2}};
  CHECK(fuse_ranks(lists).front().atom_id == 2);
}

TEST_CASE("fusion: equal scores stand by ascending atom id, whichever list comes first") {
  const std::array<List, 2> lists{List{50, 4}, List{9, 30}};
  const std::array<List, 2> swapped{lists[1], lists[0]};
  for (const auto& order : {lists, swapped}) {
    List atoms;
    for (const auto& fused : fuse_ranks(order)) atoms.push_back(fused.atom_id);
    CHECK(atoms == List{9, 50, 4, 30});
  }
}

TEST_CASE("fusion: one list keeps its order, none gives nothing") {
  const std::array<List, 2> lists{List{5, 3, 4}, List{}};
  const auto fused = fuse_ranks(lists);
  REQUIRE(fused.size() == 3);
  CHECK(fused[0].atom_id == 5);
  CHECK(fused[2].atom_id == 4);
  CHECK(fuse_ranks({}).empty());
}

}  // namespace
