#include "store/edge_walk.h"

#include <doctest/doctest.h>

#include <new>
#include <string>
#include <vector>

#include "core/error.h"
#include "object_fixture.h"

namespace hart::store {
namespace {

using test::kCatalogOnly;

constexpr const char* kSql =
    "WITH edge (near, far, weight, type) AS (VALUES (1, 2, 0.5, 'a'), (2, 3, 1.0, 'b'),"
    " (3, 1, 2.0, ''), (9, 1, 1.0, 'c'))"
    " SELECT take_edge(?1, e.near, e.far, e.weight, e.type)"
    " FROM edge_frontier(?1) AS f CROSS JOIN edge AS e"
    " WHERE e.near BETWEEN f.first AND f.last";

/// Has the ranges that it was given, then those of what it takes.
class Recorder final : public EdgeWalk {
 public:
  explicit Recorder(std::vector<AtomRange> ranges) : ranges_{std::move(ranges)} {}

  std::optional<AtomRange> next_range() override {
    if (next_ == ranges_.size()) return std::nullopt;
    trace += "|";
    return ranges_[next_++];
  }
  void take(const EdgeStep& step) override {
    if (fails) throw std::bad_alloc{};
    trace += std::to_string(step.near_atom_id) + ">" + std::to_string(step.far_atom_id) +
             std::string{step.type};
    weight += step.weight;
    if (ranges_.size() < 4) ranges_.push_back({step.far_atom_id, step.far_atom_id});
  }

  std::string trace;
  double weight = 0;
  bool fails = false;

 private:
  std::vector<AtomRange> ranges_;
  std::size_t next_ = 0;
};

TEST_CASE("edge walk: what is taken decides whose edges are read next") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  Statement statement = store.db().prepare(kSql, Scope::owner);
  Recorder walk{{{1, 1}}};
  statement.bind(1, walk);
  statement.finish();
  CHECK(walk.trace == "|1>2a|2>3b|3>1|1>2a");
  CHECK(walk.weight == 4);
  Recorder range{{{5, 8}, {1, 2}, {8, 5}, {2, 9}}};
  statement.bind(1, range);
  statement.finish();
  CHECK(range.trace == "||1>2a2>3b||2>3b3>19>1c");
  Recorder nothing{{}};
  statement.bind(1, nothing);
  statement.finish();
  CHECK(nothing.trace.empty());
}

TEST_CASE("edge walk: anything but a walk gives no range and takes nothing") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  Statement ranges = store.db().prepare("SELECT COUNT(*) FROM edge_frontier(?1)", Scope::owner);
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{4096}}) {
    REQUIRE(ranges.with(number).step());
    CHECK(ranges.integer(0) == 0);
  }
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM edge_frontier") == 0);
  CHECK(store.db().query_integer("SELECT take_edge(1, 2, 3, 4.0, 'a') IS NULL") == 1);
  CHECK_THROWS_AS(store.db().prepare("SELECT * FROM edge_frontier(1)"), Error);
}

TEST_CASE("edge walk: a walk that runs out of memory ends the statement") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  Statement statement = store.db().prepare(kSql, Scope::owner);
  Recorder walk{{{1, 1}}};
  walk.fails = true;
  statement.bind(1, walk);
  CHECK_THROWS_AS(statement.finish(), Error);
  walk.fails = false;
  Recorder again{{{1, 1}}};
  statement.bind(1, again);
  statement.finish();
  CHECK(again.trace.starts_with("|1>2a"));
}

}  // namespace
}  // namespace hart::store
