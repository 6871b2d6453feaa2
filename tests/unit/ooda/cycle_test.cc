#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "fixture.h"
#include "ooda/shadow_store.h"
#include "ooda/statistics.h"
#include "ooda/trial.h"

using namespace hart;
using namespace hart::ooda;
using hart::test::OodaFixture;

namespace {

/// Keeps what a cycle says, and does what a test wants at its steps.
struct Recorder : CycleListener {
  std::vector<Hypothesis> hypotheses;
  std::vector<Json> inverses;
  std::vector<Improvement> outcomes;
  std::function<void()> at_checkpoint = [] {};

  void decided(const std::vector<Hypothesis>& ranked) override { hypotheses = ranked; }
  void acting(const Hypothesis&, const Json& inverse) override { inverses.push_back(inverse); }
  void outcome(const Improvement& improvement) override { outcomes.push_back(improvement); }
  void checkpoint() override { at_checkpoint(); }
};

CycleOptions applying(HypothesisType type) {
  CycleOptions options;
  options.apply = true;
  options.rounds = 7;
  options.decide.only = type;
  return options;
}

/// Judges trial after trial as the test wants it, whatever the machine's speed. Shared, since
/// copies of the rule have to go on where another left off.
Judge verdicts(std::vector<bool> good) {
  const auto next = std::make_shared<std::size_t>(0);
  return [good = std::move(good), next](const Trial& trial, bool) {
    REQUIRE(*next < good.size());
    CHECK(trial.identical);
    return Verdict{good[(*next)++], true, "as the test wants it"};
  };
}

bool have_flat(OodaFixture& fixture) {
  return index::find_index(fixture.store(), fixture.model().embedding_model_id,
                           index::IndexKind::flat)
      .has_value();
}

}  // namespace

TEST_CASE("cycle: an empty query log leaves nothing to do, whether it may act or not") {
  OodaFixture fixture;
  Recorder recorder;
  CycleOptions options;
  CHECK(run_cycle(fixture.store(), options, recorder).decision == CycleDecision::nothing_to_do);
  options.apply = true;
  const CycleResult result = run_cycle(fixture.store(), options, recorder);
  CHECK(result.decision == CycleDecision::nothing_to_do);
  CHECK(result.reason.find("log is empty") != std::string::npos);
  CHECK(recorder.hypotheses.empty());
}

TEST_CASE("cycle: a dry run names the action and its inverse, and writes nothing") {
  OodaFixture fixture;
  fixture.query(6);
  const std::string before = fixture.dump();
  store::Store reader = fixture.scratch().open("default", false);
  Recorder recorder;
  const CycleResult result = run_cycle(reader, {}, recorder);
  CHECK(result.decision == CycleDecision::dry_run);
  CHECK(recorder.hypotheses.size() == 2);
  CHECK(recorder.inverses.size() == 1);
  CHECK(recorder.outcomes.empty());
  CHECK(fixture.dump() == before);
  CHECK_FALSE(std::filesystem::exists(fixture.scratch().directory() + "/ooda-shadow"));
  CHECK_FALSE(std::filesystem::exists(fixture.scratch().directory() + "/ooda.lock"));
}

TEST_CASE("cycle: applying builds the flat index, measures it, and remembers what came of it") {
  OodaFixture fixture{4000};
  fixture.query(6);
  Recorder recorder;
  const CycleResult result =
      run_cycle(fixture.store(), applying(HypothesisType::index_optimization), recorder);
  REQUIRE(recorder.outcomes.size() == 1);
  const Improvement& outcome = recorder.outcomes.front();
  CAPTURE(outcome.reason);
  // Whether it is faster is the machine's to say; that every part agrees with it is not.
  CHECK(outcome.before_us.value_or(0) > 0);
  CHECK(outcome.after_us.value_or(0) > 0);
  CHECK(outcome.measured.at("identical") == true);
  CHECK(outcome.measured.at("rounds") == 7);
  const bool adopted = result.decision == CycleDecision::adopted;
  CHECK(have_flat(fixture) == adopted);
  CHECK((outcome.decision == Decision::adopted) == adopted);
  if (adopted) CHECK(outcome.gain_lower.value_or(0) >= 0.05);

  const auto weights = hypothesis_weights(fixture.store());
  REQUIRE(weights.size() == 1);
  CHECK(weights[0].action == "build_index flat");
  CHECK(weights[0].outcomes.successes == (adopted ? 1 : 0));
  CHECK(weights[0].outcomes.failures == (adopted ? 0 : 1));
  CHECK(weights[0].avg_impact == doctest::Approx(outcome.gain.value_or(-1)));
  const auto history = improvements(fixture.store());
  REQUIRE(history.size() == 1);
  CHECK(history[0].number == 1);
  CHECK(history[0].gain == outcome.gain);
  CHECK(history[0].completed.has_value());
  CHECK(loop_state(fixture.store()).cycles == 1);
  CHECK_FALSE(std::filesystem::exists(fixture.scratch().directory() + "/ooda-shadow"));
}

TEST_CASE("cycle: running twice on the same evidence changes nothing the second time") {
  OodaFixture fixture;
  fixture.query(6);
  CycleOptions options = applying(HypothesisType::statistics_update);
  Recorder recorder;
  run_cycle(fixture.store(), options, recorder);
  const auto count = improvements(fixture.store()).size();
  const std::string after_first = fingerprint(fixture.store());
  const CycleResult second = run_cycle(fixture.store(), options, recorder);
  CHECK(second.decision == CycleDecision::nothing_to_do);
  CHECK(improvements(fixture.store()).size() == count);
  CHECK(fingerprint(fixture.store()) == after_first);
}

TEST_CASE("cycle: a rollback leaves schema, statistics and indexes as they were") {
  OodaFixture fixture;
  fixture.query(6);
  const std::string before = fingerprint(fixture.store());
  Improvement improvement;
  improvement.risk = "low";
  improvement.hypothesis_type = "IndexOptimization";
  const Action action = hart::test::build_flat(fixture);
  improvement.action = action.json();
  improvement.inverse = inverse_of(fixture.store(), action);
  record_improvement(fixture.store(), improvement);
  perform(fixture.store(), action);
  CHECK_THROWS_AS(roll_back(fixture.store(), 1), Error);  // not adopted yet
  improvement.decision = Decision::adopted;
  update_improvement(fixture.store(), improvement);

  CHECK(have_flat(fixture));
  CHECK(roll_back(fixture.store(), 1).decision == Decision::rolled_back);
  CHECK(fingerprint(fixture.store()) == before);
  CHECK(find_improvement(fixture.store(), 1)->decision == Decision::rolled_back);
  CHECK_THROWS_AS(roll_back(fixture.store(), 1), Error);
  CHECK_THROWS_AS(roll_back(fixture.store(), 2), Error);
  CHECK(hypothesis_weights(fixture.store()).empty());
}

TEST_CASE("cycle: a change can be rolled back only after a later one of the same thing") {
  OodaFixture fixture;
  const Action build = hart::test::build_flat(fixture);
  const Action drop = hart::test::drop(fixture, index::IndexKind::flat);
  for (const Action& action : {build, drop}) {
    Improvement improvement;
    improvement.risk = "low";
    improvement.action = action.json();
    improvement.inverse = inverse_of(fixture.store(), action);
    record_improvement(fixture.store(), improvement);
    perform(fixture.store(), action);
    improvement.decision = Decision::adopted;
    update_improvement(fixture.store(), improvement);
  }
  CHECK_THROWS_AS(roll_back(fixture.store(), 1), Error);
  roll_back(fixture.store(), 2);
  CHECK(have_flat(fixture));
  roll_back(fixture.store(), 1);
  CHECK_FALSE(have_flat(fixture));
}

TEST_CASE("cycle: a change that a dead process left unfinished is undone by the next cycle") {
  OodaFixture fixture;
  const std::string before = fingerprint(fixture.store());
  Improvement improvement;
  improvement.risk = "low";
  const Action action = hart::test::build_flat(fixture);
  improvement.action = action.json();
  improvement.inverse = inverse_of(fixture.store(), action);
  record_improvement(fixture.store(), improvement);
  perform(fixture.store(), action);
  std::filesystem::create_directories(fixture.scratch().directory() + "/ooda-shadow/packs");

  Recorder recorder;
  CycleOptions options;
  run_cycle(fixture.store(), options, recorder);
  CHECK_MESSAGE(have_flat(fixture), "a dry run undid it");
  options.apply = true;
  run_cycle(fixture.store(), options, recorder);
  CHECK(fingerprint(fixture.store()) == before);
  CHECK(find_improvement(fixture.store(), 1)->decision == Decision::rolled_back);
  CHECK_FALSE(std::filesystem::exists(fixture.scratch().directory() + "/ooda-shadow"));
}

TEST_CASE("cycle: a stopped loop does nothing until it is resumed") {
  OodaFixture fixture;
  fixture.query(6);
  CHECK(stop_loop(fixture.store(), "for a test"));
  CHECK_FALSE(stop_loop(fixture.store(), "again"));
  CHECK(loop_state(fixture.store()).reason == "for a test");
  const std::string before = fixture.dump();
  Recorder recorder;
  CycleOptions options;
  for (const bool apply : {false, true}) {
    options.apply = apply;
    const CycleResult result = run_cycle(fixture.store(), options, recorder);
    CHECK(result.decision == CycleDecision::stopped);
    CHECK(result.reason.find("for a test") != std::string::npos);
    CHECK(recorder.hypotheses.empty());
  }
  CHECK(fixture.dump() == before);
  CHECK(resume_loop(fixture.store()));
  CHECK_FALSE(resume_loop(fixture.store()));
  options.apply = false;
  CHECK(run_cycle(fixture.store(), options, recorder).decision == CycleDecision::dry_run);
}

TEST_CASE(
    "cycle: a stop given by another process ends a trial and leaves the store untouched") {
  OodaFixture fixture;
  fixture.query(6);
  const std::string before = fingerprint(fixture.store());
  Recorder recorder;
  int rounds = 0;
  recorder.at_checkpoint = [&] {
    if (++rounds != 3) return;
    store::Store other = fixture.scratch().open();
    stop_loop(other, "enough");
  };
  const CycleResult result =
      run_cycle(fixture.store(), applying(HypothesisType::index_optimization), recorder);
  CHECK(result.decision == CycleDecision::stopped);
  CHECK(rounds == 3);
  CHECK(fingerprint(fixture.store()) == before);
  CHECK(hypothesis_weights(fixture.store()).empty());
  CHECK_FALSE(std::filesystem::exists(fixture.scratch().directory() + "/ooda-shadow"));
}

TEST_CASE("cycle: an interrupt while the change itself is measured undoes the change") {
  OodaFixture fixture;
  fixture.query(6);
  const std::string before = fingerprint(fixture.store());
  struct Interrupt {};
  Recorder recorder;
  recorder.at_checkpoint = [&] {
    if (have_flat(fixture)) throw Interrupt{};
  };
  CycleOptions options = applying(HypothesisType::index_optimization);
  options.judge = verdicts({true, true});
  CHECK_THROWS_AS(run_cycle(fixture.store(), options, recorder), Interrupt);
  CHECK(fingerprint(fixture.store()) == before);
  const auto history = improvements(fixture.store());
  REQUIRE(history.size() == 1);
  CHECK(history[0].decision == Decision::rolled_back);
  CHECK(hypothesis_weights(fixture.store()).empty());
}

TEST_CASE("cycle: what is good on the copy and on the store is adopted, and can be undone") {
  OodaFixture fixture;
  fixture.query(6);
  const std::string before = fingerprint(fixture.store());
  for (const auto type :
       {HypothesisType::index_optimization, HypothesisType::statistics_update}) {
    Recorder recorder;
    CycleOptions options = applying(type);
    options.judge = verdicts({true, true});
    CHECK(run_cycle(fixture.store(), options, recorder).decision == CycleDecision::adopted);
    CHECK(fingerprint(fixture.store()) != before);
    REQUIRE(recorder.outcomes.size() == 1);
    CHECK(recorder.outcomes[0].inverse == recorder.inverses[0]);
    for (const HypothesisWeight& weight : hypothesis_weights(fixture.store())) {
      CHECK(weight.outcomes.successes == 1);
      CHECK(weight.outcomes.failures == 0);
    }
    roll_back(fixture.store(), recorder.outcomes[0].number);
    CHECK(fingerprint(fixture.store()) == before);
  }
  CHECK(hypothesis_weights(fixture.store()).size() == 2);
}

TEST_CASE("cycle: what is not good on the copy never touches the store, and counts as failed") {
  OodaFixture fixture;
  fixture.query(6);
  const std::string before = fingerprint(fixture.store());
  Recorder recorder;
  CycleOptions options = applying(HypothesisType::index_optimization);
  options.judge = verdicts({false});
  recorder.at_checkpoint = [&] { CHECK_FALSE(have_flat(fixture)); };
  CHECK(run_cycle(fixture.store(), options, recorder).decision == CycleDecision::rejected);
  CHECK(fingerprint(fixture.store()) == before);
  REQUIRE(hypothesis_weights(fixture.store()).size() == 1);
  CHECK(hypothesis_weights(fixture.store())[0].outcomes.failures == 1);
}

TEST_CASE("cycle: what the store itself does not confirm is undone at once, and failed") {
  OodaFixture fixture;
  fixture.query(6);
  const std::string before = fingerprint(fixture.store());
  Recorder recorder;
  CycleOptions options = applying(HypothesisType::index_optimization);
  options.judge = verdicts({true, false});
  CHECK(run_cycle(fixture.store(), options, recorder).decision == CycleDecision::rolled_back);
  CHECK(fingerprint(fixture.store()) == before);
  REQUIRE(hypothesis_weights(fixture.store()).size() == 1);
  CHECK(hypothesis_weights(fixture.store())[0].outcomes.failures == 1);
  CHECK(hypothesis_weights(fixture.store())[0].outcomes.successes == 0);
}

TEST_CASE("cycle: no more changes are adopted than are allowed, and the next best is tried") {
  OodaFixture fixture;
  fixture.query(6);
  CycleOptions options;
  options.apply = true;
  options.rounds = 5;
  Recorder one;
  options.judge = verdicts({false, true, true});
  run_cycle(fixture.store(), options, one);
  REQUIRE(one.outcomes.size() == 2);
  CHECK(one.outcomes[0].decision == Decision::rejected);
  CHECK(one.outcomes[1].decision == Decision::adopted);

  OodaFixture other;
  other.query(6);
  Recorder first;
  options.judge = verdicts({true, true});
  run_cycle(other.store(), options, first);
  CHECK(first.outcomes.size() == 1);
}

TEST_CASE("cycle: two processes do not run a cycle on one store at once") {
  OodaFixture fixture;
  fixture.query(3);
  store::Store other = fixture.scratch().open();
  const auto lock = lock_loop(other);
  Recorder recorder;
  CycleOptions options;
  options.apply = true;
  CHECK_THROWS_AS(run_cycle(fixture.store(), options, recorder), Error);
  options.apply = false;
  CHECK(run_cycle(fixture.store(), options, recorder).decision == CycleDecision::dry_run);
}

TEST_CASE("cycle: another tenant's queries, history and weights do not show") {
  OodaFixture fixture;
  fixture.query(6);
  fixture.scratch().add_tenant("other");
  Recorder recorder;
  run_cycle(fixture.store(), applying(HypothesisType::statistics_update), recorder);
  stop_loop(fixture.store(), "mine");
  store::Store other = fixture.scratch().open("other");
  CHECK(improvements(other).empty());
  CHECK(hypothesis_weights(other).empty());
  CHECK_FALSE(loop_state(other).stopped);
  CHECK(run_cycle(other, {}, recorder).decision == CycleDecision::nothing_to_do);
}
