#include <doctest/doctest.h>

#include "fixture.h"
#include "support/view_plans.h"

namespace hart::bill {
namespace {

TEST_CASE("views: a row of any of billing's is found by its key, without reading a table") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  CHECK(test::scans_of_scoped_views(store, {"my_atom_payload", "my_snapshot_object"}) == "");
  for (const char* sql :
       {"SELECT sequence FROM my_billing_usage_ledger"
        " WHERE billing_source_id = ? AND event_id = ?",
        "SELECT account FROM my_billing_entry WHERE billing_usage_ledger_id = ?",
        "SELECT * FROM my_billing_usage_rollup WHERE hour_us >= ? AND hour_us < ?",
        "SELECT * FROM my_billing_quota WHERE resource = ?"})
    CHECK(test::scans_in_plan(store, sql) == "");
}

}  // namespace
}  // namespace hart::bill
