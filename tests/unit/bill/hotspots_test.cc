#include "bill/hotspots.h"

#include <doctest/doctest.h>

#include "fixture.h"

namespace hart::bill {
namespace {

void use_model(store::Store& store, const std::string& id, const char* model, const char* time,
               std::int64_t units_micros) {
  UsageRecord usage = test::sample_usage(id, units_micros);
  usage.attributes = {{"model", model}};
  usage.time = parse_time(time);
  (void)test::record(store, usage);
}

TEST_CASE("hotspots: the costliest first, beside what they cost before") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  use_model(store, "1", "small", "2026-11-10", 1'000'000'000);
  use_model(store, "2", "large", "2026-11-10", 3'000'000'000);
  use_model(store, "3", "large", "2026-11-07T12:00:00Z", 2'000'000'000);
  use_model(store, "4", "gone", "2026-11-07T12:00:00Z", 9'000'000'000);
  use_model(store, "5", "small", "2026-11-12", 500'000'000'000);

  const Period period{parse_time("2026-11-09"), parse_time("2026-11-12")};
  const auto spots = hotspots(store, period, 10);
  REQUIRE(spots.size() == 2);
  CHECK(spots[0].model == "large");
  CHECK(spots[0].amount_micros == 6'000);
  CHECK(spots[0].amount_before_micros == 4'000);
  CHECK(spots[0].share == doctest::Approx(0.75));
  CHECK(spots[1].model == "small");
  CHECK(spots[1].events_before == 0);
  CHECK(hotspots(store, period, 1).size() == 1);
  CHECK(hotspots(store, {parse_time("2025-01-01"), parse_time("2025-01-02")}, 5).empty());
}

}  // namespace
}  // namespace hart::bill
