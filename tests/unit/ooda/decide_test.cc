#include <doctest/doctest.h>

#include <algorithm>

#include "fixture.h"
#include "ooda/statistics.h"

using namespace hart;
using namespace hart::ooda;
using hart::test::OodaFixture;

namespace {

const Hypothesis* find(const std::vector<Hypothesis>& hypotheses, const std::string& action) {
  for (const Hypothesis& hypothesis : hypotheses)
    if (hypothesis.action_name() == action) return &hypothesis;
  return nullptr;
}

std::vector<Hypothesis> ranked(OodaFixture& fixture, const DecideOptions& options = {}) {
  const Observation observation = observe(fixture.store());
  return decide(fixture.store(), observation, orient(observation), options);
}

}  // namespace

TEST_CASE("observe: queries of one form are one class, with exact order statistics") {
  OodaFixture fixture;
  for (int latency = 1; latency <= 20; ++latency) {
    QueryRecord record;
    record.statement = latency <= 18 ? "a" : "b";
    record.strategy = "exact";
    record.latency_us = static_cast<std::uint64_t>(latency * 100);
    record.rows = 10;
    REQUIRE(store::log_query(fixture.store(), record));
  }
  const Observation observation = observe(fixture.store());
  REQUIRE(observation.classes.size() == 2);
  CHECK(observation.classes[0].statement == "a");  // 17 100 us in all against 3 900
  CHECK(observation.classes[0].queries == 18);
  CHECK(observation.classes[0].median_us == 950);
  CHECK(observation.classes[0].p95_us == 1800);
  CHECK(observation.classes[0].total_us == 17100);
  CHECK(observation.class_of.back() == 1);
  CHECK(observation.new_queries == 20);
}

TEST_CASE("observe: a query log that was lost and began again is read from its start") {
  OodaFixture fixture;
  finish_cycle(fixture.store(), Uuid{}, 1, 50'000);
  fixture.query(3);
  const Observation observation = observe(fixture.store());
  CHECK(observation.window.size() == 3);
  CHECK(observation.new_queries == 3);
}

TEST_CASE("observe: only the newest queries are looked at, and new ones are counted") {
  OodaFixture fixture;
  QueryRecord record;
  record.statement = "a";
  for (std::size_t i = 0; i < kObservedQueries + 30; ++i)
    REQUIRE(store::log_query(fixture.store(), record));
  finish_cycle(fixture.store(), Uuid{}, 1, 1020);
  const Observation observation = observe(fixture.store());
  CHECK(observation.window.size() == kObservedQueries);
  CHECK(observation.window.front().query_id == 31);
  CHECK(observation.new_queries == 10);
}

TEST_CASE("orient: row scans without a flat index call for one, and with one do not") {
  OodaFixture fixture;
  fixture.query(4);
  CHECK(find(orient(observe(fixture.store())), "build_index flat") != nullptr);
  index::build_index(fixture.store(), fixture.model(), index::IndexKind::flat);
  CHECK(find(orient(observe(fixture.store())), "build_index flat") == nullptr);
}

TEST_CASE("orient: an index is dropped only after twenty queries that did without it") {
  OodaFixture fixture;
  fixture.query(5);
  index::build_index(fixture.store(), fixture.model(), index::IndexKind::rtree);
  fixture.query(19);
  CHECK(find(orient(observe(fixture.store())), "drop_index rtree") == nullptr);
  fixture.query(1);
  CHECK(find(orient(observe(fixture.store())), "drop_index rtree") != nullptr);
}

TEST_CASE("orient: an index that answers queries is not dropped") {
  OodaFixture fixture;
  index::build_index(fixture.store(), fixture.model(), index::IndexKind::flat);
  fixture.query(25);
  const Observation observation = observe(fixture.store());
  REQUIRE(observation.vectors.size() == 1);
  REQUIRE(observation.vectors[0].indexes.size() == 1);
  CHECK(observation.vectors[0].indexes[0].used_by == 25);
  CHECK(observation.vectors[0].row_scans == 0);
  CHECK(find(orient(observation), "drop_index flat") == nullptr);
}

TEST_CASE("orient: statistics are stale when a table is missing or four times off") {
  OodaFixture fixture{200};
  fixture.query(1);
  CHECK(find(orient(observe(fixture.store())), "analyze") != nullptr);
  gather_statistics(fixture.store());
  CHECK(find(orient(observe(fixture.store())), "analyze") == nullptr);
  fixture.store().db().exec(
      "UPDATE sqlite_stat1 SET stat = '50 1' WHERE tbl = 'atom_embedding'");
  CHECK(find(orient(observe(fixture.store())), "analyze") == nullptr);
  fixture.store().db().exec(
      "UPDATE sqlite_stat1 SET stat = '49 1' WHERE tbl = 'atom_embedding'");
  CHECK(find(orient(observe(fixture.store())), "analyze") != nullptr);
}

TEST_CASE("observe: a table is not as long as its rowids are high") {
  OodaFixture fixture;
  REQUIRE(fixture.scratch().tamper("CREATE TABLE entry (id INTEGER PRIMARY KEY) STRICT;"
                                   "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL"
                                   " SELECT i + 1 FROM n WHERE i < 300)"
                                   "INSERT INTO entry SELECT (i % 3 << 40) + i FROM n") == "");
  const std::int64_t rows = observe_statistics(fixture.store()).rows;
  CHECK(rows >= 300 + 200);
  CHECK(rows < 10'000);
  gather_statistics(fixture.store());
  CHECK(observe_statistics(fixture.store()).stale.empty());
}

TEST_CASE("decide: the same seed draws the same, and the score is gain times draw over cost") {
  OodaFixture fixture;
  fixture.query(5);
  const auto first = ranked(fixture);
  const auto second = ranked(fixture);
  REQUIRE(first.size() == 2);
  CHECK(first[0].drawn_probability == second[0].drawn_probability);
  CHECK(ranked(fixture, {99, 0.7, {}})[0].drawn_probability != first[0].drawn_probability);
  CHECK(first[0].score >= first[1].score);
  for (const Hypothesis& h : first)
    CHECK(h.score == doctest::Approx(h.predicted_gain * h.affected_s * h.drawn_probability /
                                     std::max(h.cost_s, 1e-3)));
}

TEST_CASE("decide: what was measured replaces what was believed") {
  OodaFixture fixture;
  fixture.query(5);
  const auto before = ranked(fixture);
  learn_outcome(fixture.store(), *find(before, "build_index flat"), true, 0.125);
  const auto after = ranked(fixture);
  CHECK(find(after, "build_index flat")->predicted_gain == doctest::Approx(0.125));
  CHECK(find(after, "analyze")->predicted_gain == find(before, "analyze")->predicted_gain);
}

TEST_CASE("decide: an action that mostly failed is held back, from three outcomes on") {
  OodaFixture fixture;
  fixture.query(5);
  const Hypothesis analyze = *find(ranked(fixture), "analyze");
  for (int i = 0; i < 2; ++i) learn_outcome(fixture.store(), analyze, false, 0);
  CHECK(find(ranked(fixture), "analyze")->held_back.empty());
  learn_outcome(fixture.store(), analyze, false, 0);
  const auto held = ranked(fixture);
  CHECK_FALSE(find(held, "analyze")->held_back.empty());
  CHECK(held.back().action_name() == "analyze");
  CHECK(find(ranked(fixture, {1, 0.1, {}}), "analyze")->held_back.empty());
}

TEST_CASE("decide: only the type that was asked for is considered") {
  OodaFixture fixture;
  fixture.query(5);
  const auto some = ranked(fixture, {1, 0.7, HypothesisType::statistics_update});
  REQUIRE(some.size() == 1);
  CHECK(some[0].action_name() == "analyze");
}

TEST_CASE("decide: what was rejected is tried again once there are twenty newer queries") {
  OodaFixture fixture;
  fixture.query(5);
  const Observation observation = observe(fixture.store());
  Improvement improvement;
  improvement.risk = "low";
  improvement.action = Action{}.json();
  improvement.evidence_query_id = observation.newest_query_id;
  record_improvement(fixture.store(), improvement);
  improvement.decision = Decision::rejected;
  update_improvement(fixture.store(), improvement);
  CHECK_FALSE(find(ranked(fixture), "analyze")->held_back.empty());
  CHECK(find(ranked(fixture), "build_index flat")->held_back.empty());
  fixture.query(19);
  CHECK_FALSE(find(ranked(fixture), "analyze")->held_back.empty());
  fixture.query(1);
  CHECK(find(ranked(fixture), "analyze")->held_back.empty());
}

TEST_CASE("learn: the confidence counts the outcome that it is computed for") {
  OodaFixture fixture;
  Hypothesis hypothesis;
  learn_outcome(fixture.store(), hypothesis, true, 0.4);
  auto stored =
      fixture.store().db().prepare("SELECT confidence, avg_impact FROM my_hypothesis_weight");
  REQUIRE(stored.step());
  CHECK(stored.real(0) == doctest::Approx(2.0 / 3));
  CHECK(stored.real(1) == doctest::Approx(0.4));
  stored.reset();
  learn_outcome(fixture.store(), hypothesis, false, -0.2);
  REQUIRE(stored.step());
  CHECK(stored.real(0) == doctest::Approx(0.5));
  CHECK(stored.real(1) == doctest::Approx(0.1));
}
