#include <doctest/doctest.h>

#include "fixture.h"
#include "ooda/action.h"
#include "ooda/statistics.h"

using namespace hart;
using namespace hart::ooda;
using hart::test::OodaFixture;

namespace {

void check_inverse(OodaFixture& fixture, const Action& action) {
  const std::string before = fingerprint(fixture.store());
  const Json inverse = inverse_of(fixture.store(), action);
  perform(fixture.store(), action);
  CHECK(fingerprint(fixture.store()) != before);
  undo(fixture.store(), parse_json(dump_json(inverse), "inverse"));
  CHECK(fingerprint(fixture.store()) == before);
  undo(fixture.store(), inverse);
  CHECK_MESSAGE(fingerprint(fixture.store()) == before, "undoing twice changes something");
}

}  // namespace

TEST_CASE("action: undoing an index build leaves the whole catalog as it was") {
  OodaFixture fixture;
  const std::string before = fixture.dump_table("search_index");
  check_inverse(fixture, hart::test::build_flat(fixture));
  CHECK(fixture.dump_table("search_index") == before);
}

TEST_CASE("action: undoing the drop of an index brings it back, its recall figure included") {
  OodaFixture fixture;
  index::build_index(fixture.store(), fixture.model(), index::IndexKind::rtree);
  index::CheckOptions check;
  check.k = 5;
  check.candidates = 50;
  index::check_index(fixture.store(), fixture.model(), index::IndexKind::rtree, check);
  check_inverse(fixture, hart::test::drop(fixture, index::IndexKind::rtree));
  const auto info = index::find_index(fixture.store(), fixture.model().embedding_model_id,
                                      index::IndexKind::rtree);
  REQUIRE(info);
  CHECK(info->recall.has_value());
  CHECK(info->recall_k == 5);
  CHECK(info->recall_candidates == 50);
}

TEST_CASE("action: undoing ANALYZE drops the statistics where there were none") {
  OodaFixture fixture;
  CHECK(save_statistics(fixture.store()).is_null());
  check_inverse(fixture, {});
  CHECK(save_statistics(fixture.store()).is_null());
}

TEST_CASE("action: undoing ANALYZE restores the older statistics line by line") {
  OodaFixture fixture;
  gather_statistics(fixture.store());
  fixture.store().db().exec(
      "UPDATE sqlite_stat1 SET stat = '7 7' WHERE rowid = 1;"
      "INSERT INTO sqlite_stat1 VALUES ('atom', NULL, '12')");
  const Json older = save_statistics(fixture.store());
  check_inverse(fixture, {});
  CHECK(save_statistics(fixture.store()) == older);
}

TEST_CASE("action: an inverse of unknown form is refused and changes nothing") {
  OodaFixture fixture;
  const std::string before = fixture.dump();
  const std::string id = fixture.model().content.text();
  for (const Json& inverse :
       {Json::object(), Json{{"undo", "format_disk"}}, Json{{"undo", "restore_statistics"}},
        Json{{"undo", "restore_statistics"}, {"statistics", 3}},
        Json{{"undo", "restore_statistics"}, {"statistics", {{"atom"}}}},
        Json{{"undo", "drop_index"}, {"kind", "hash"}, {"embedding_model", id}},
        Json{{"undo", "drop_index"}, {"kind", "flat"}},
        Json{{"undo", "erase"}, {"kind", "flat"}, {"embedding_model", id}}}) {
    CAPTURE(dump_json(inverse));
    CHECK_THROWS_AS(undo(fixture.store(), inverse), Error);
    CHECK(fixture.dump() == before);
  }
}

TEST_CASE("action: dropping an index that is not there is refused before anything is done") {
  OodaFixture fixture;
  CHECK_THROWS_AS(static_cast<void>(inverse_of(
                      fixture.store(), hart::test::drop(fixture, index::IndexKind::flat))),
                  Error);
}
