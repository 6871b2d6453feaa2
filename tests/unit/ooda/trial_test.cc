#include <doctest/doctest.h>

#include <limits>

#include "fixture.h"
#include "ooda/shadow_store.h"
#include "ooda/trial.h"

using namespace hart;
using namespace hart::ooda;
using hart::test::OodaFixture;

namespace {

Trial good_trial() {
  Trial trial;
  trial.queries = 4;
  trial.rounds = kMinRounds;
  trial.gain = {0.3, 0.2, 0.4};
  trial.classes = {{0, 100, 70, {0.3, 0.2, 0.4}}};
  return trial;
}

TrialOptions rounds(std::size_t count) {
  TrialOptions options;
  options.rounds = count;
  options.give_up_s = std::numeric_limits<double>::infinity();
  return options;
}

}  // namespace

TEST_CASE("trial: a copy with nothing done to it answers alike and is not found faster") {
  OodaFixture fixture{2000};
  fixture.query(6);
  const Observation observation = observe(fixture.store());
  const auto items = choose_replay(fixture.store(), observation, 8);
  REQUIRE(items.size() == 6);
  ShadowStore shadow{fixture.store()};
  const Trial trial = compare_stores(fixture.store(), shadow.store(), items, rounds(15));
  CHECK(trial.identical);
  CHECK(trial.rounds == 15);
  // A change has to pass twice before it is adopted, the second time the other way round.
  const Trial again = compare_stores(shadow.store(), fixture.store(), items, rounds(15));
  const Verdict first = judge(trial, true);
  const Verdict second = judge(again, true);
  CAPTURE(first.reason);
  CAPTURE(second.reason);
  CHECK_FALSE((first.good && second.good));
}

TEST_CASE("trial: an answer that differs is seen and decides against the change") {
  OodaFixture fixture;
  fixture.query(4);
  const auto items = choose_replay(fixture.store(), observe(fixture.store()), 8);
  ShadowStore shadow{fixture.store()};
  auto& db = shadow.store().db();
  db.exec("DELETE FROM atom_embedding WHERE atom_embedding_id % 2 = 0");
  const Trial trial = compare_stores(fixture.store(), shadow.store(), items, rounds(5));
  CHECK_FALSE(trial.identical);
  CHECK_FALSE(judge(trial, false).good);
  CHECK(judge(trial, false).decided);
}

TEST_CASE("trial: the copy shares nothing with the store") {
  OodaFixture fixture;
  const std::string before = fixture.dump();
  {
    ShadowStore shadow{fixture.store()};
    CHECK(fingerprint(shadow.store()) == fingerprint(fixture.store()));
    perform(shadow.store(), hart::test::build_flat(fixture));
    perform(shadow.store(), {});
    CHECK(fingerprint(shadow.store()) != fingerprint(fixture.store()));
  }
  CHECK(fixture.dump() == before);
}

TEST_CASE("trial: queries are drawn from every class and stand for all of it") {
  OodaFixture fixture;
  fixture.query(12);
  fixture.query(3, 1000);  // the first three again
  const auto items = choose_replay(fixture.store(), observe(fixture.store()), 5);
  REQUIRE(items.size() == 5);
  double weight = 0;
  for (const ReplayItem& item : items) weight += item.weight;
  CHECK(weight == doctest::Approx(15));
  CHECK(items[0].query.vector == OodaFixture::vector(1002));  // the newest first
}

TEST_CASE("judge: a change that must gain needs a lower bound of 5 %") {
  Trial trial = good_trial();
  trial.gain.lower = 0.05;
  CHECK(judge(trial, true).good);
  trial.gain.lower = 0.0499;
  CHECK_FALSE(judge(trial, true).good);
  CHECK(judge(trial, true).decided);
}

TEST_CASE("judge: a change that must do no harm may lose 2 % at the lower bound") {
  Trial trial = good_trial();
  trial.gain = {0, -0.02, 0.02};
  CHECK(judge(trial, false).good);
  trial.gain.lower = -0.0201;
  CHECK_FALSE(judge(trial, false).good);
}

TEST_CASE("judge: one class that surely lost decides against a gain of the whole") {
  Trial trial = good_trial();
  trial.classes.push_back({1, 100, 103, {-0.03, -0.05, -0.0201}});
  CHECK_FALSE(judge(trial, true).good);
  trial.classes.back().gain.upper = -0.02;  // it may have been noise
  CHECK(judge(trial, true).good);
}

TEST_CASE("judge: too few rounds, or nothing to run, decide nothing") {
  Trial trial = good_trial();
  trial.rounds = kMinRounds - 1;
  CHECK_FALSE(judge(trial, true).good);
  CHECK_FALSE(judge(trial, true).decided);
  trial = good_trial();
  trial.queries = 0;
  CHECK_FALSE(judge(trial, true).good);
  CHECK_FALSE(judge(trial, true).decided);
}
