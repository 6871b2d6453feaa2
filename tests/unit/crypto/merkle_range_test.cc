#include "crypto/merkle_range.h"

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"

namespace hart::crypto {
namespace {

std::vector<Hash256> range_leaves(std::uint64_t count) {
  std::vector<Hash256> leaves;
  for (std::uint64_t i = 0; i < count; ++i)
    leaves.push_back(leaf_hash(as_bytes("leaf " + std::to_string(i))));
  return leaves;
}

TEST_CASE("merkle range: proofs from subtrees equal those over all leaves, of every subtree") {
  constexpr std::uint64_t kMost = 40;
  const std::vector<Hash256> all = range_leaves(kMost);
  const SubtreeRoot root_of = [&](SubtreeId subtree) {
    const std::uint64_t width = std::uint64_t{1} << subtree.level;
    return merkle_root(std::span{all}.subspan(subtree.index * width, width));
  };
  for (std::uint64_t size = 1; size <= kMost; ++size) {
    const std::span<const Hash256> some{all.data(), size};
    for (std::uint64_t start = 0; start < size; ++start)
      for (std::uint64_t end = start + 1; end <= size; ++end) {
        if (!is_subtree(start, end)) {
          CHECK_THROWS_AS((void)proof_ranges(start, end, size), Error);
          continue;
        }
        CAPTURE(size);
        CAPTURE(start);
        CAPTURE(end);
        CHECK(assemble_proof(proof_ranges(start, end, size), root_of) ==
              subtree_consistency_proof(some, start, end));
        CHECK(range_root({start, end}, root_of) ==
              merkle_root(some.subspan(start, end - start)));
      }
    CHECK_THROWS_AS((void)proof_ranges(0, size + 1, size), Error);
  }
}

TEST_CASE("merkle range: complete subtrees are the bits of the length") {
  CHECK(complete_subtrees({0, 1}) == std::vector<SubtreeId>{{0, 0}});
  CHECK(complete_subtrees({0, 8}) == std::vector<SubtreeId>{{3, 0}});
  CHECK(complete_subtrees({8, 13}) == std::vector<SubtreeId>{{2, 2}, {0, 12}});
  const std::uint64_t most = ~std::uint64_t{0};
  CHECK(complete_subtrees({0, most}).size() == 64);
  CHECK(complete_subtrees({most - 1, most}) == std::vector<SubtreeId>{{0, most - 1}});
}

TEST_CASE("merkle range: a proof from a billion leaves takes at most 30 hashes") {
  constexpr std::uint64_t kSize = 1'000'000'000;
  for (const std::uint64_t index : {std::uint64_t{0}, kSize / 3, kSize / 2, kSize - 1}) {
    CHECK(proof_ranges(index, index + 1, kSize).size() <= 30);
    CHECK(proof_ranges(0, index + 1, kSize).size() <= 31);
  }
}

}  // namespace
}  // namespace hart::crypto
