#include <doctest/doctest.h>

#include <filesystem>

#include "bill/invoice.h"
#include "bill/ledger.h"
#include "bill/plan_book.h"
#include "bill/quota.h"
#include "bill/usage_totals.h"
#include "bill/verify.h"
#include "fixture.h"
#include "store/migrate.h"

namespace hart::bill {
namespace {

/// What the tools of schema version 4 wrote: two plans, seven events of two sources, in no
/// order and one before any plan, and two invoices; the last event is on none.
constexpr const char* kVersion4Rows = R"sql(
INSERT INTO billing_rate_plan VALUES(1,1,1,'old','USD',1767225600000000,
  X'b601f3b07fa67819c23ae8d3532c47d2b3336a45cb2b4b154d3b4bb85e36771d',1795317220464221);
INSERT INTO billing_rate_plan VALUES(2,1,2,'newer','USD',1794268800000000,
  X'478410544da16c4eb321f21a508c04703cc5eda3b204f38c9a4d67ce551decd1',1795317220502299);
INSERT INTO billing_operation_rate VALUES(1,0,1,'generate_text','token',2);
INSERT INTO billing_operation_rate VALUES(1,1,1,'search','query',500);
INSERT INTO billing_operation_rate VALUES(2,0,1,'generate_text','token',2);
INSERT INTO billing_operation_rate VALUES(2,1,1,'search','query',700);
INSERT INTO billing_multiplier VALUES(1,0,1,'grounding','{"evidence":{">=":1}}',12500);
INSERT INTO billing_multiplier VALUES(2,0,1,'grounding','{"evidence":{">=":1}}',12500);
INSERT INTO billing_usage_ledger VALUES(1,1,0,'app','1','generate_text','token',1000500000,
  1,'USD',2,10000,10000,12500,2501,'{"model":"m","evidence":2}',1793527200000000,
  1795317220545103,X'0000000000000000000000000000000000000000000000000000000000000000',
  X'a4262148e48c8405b3e585abdd01c8aaf58563654953b51455b194d2e8b9ca72');
INSERT INTO billing_usage_ledger VALUES(2,1,1,'app','2','search','query',3000000,2,'USD',
  700,10000,10000,10000,2100,'{}',1794479400000000,1795317220546965,
  X'a4262148e48c8405b3e585abdd01c8aaf58563654953b51455b194d2e8b9ca72',
  X'b10b3c1636890177e7fdc07c978d017ed47d458be7521988d77923dde76093ce');
INSERT INTO billing_usage_ledger VALUES(3,1,2,'other','2','dance','step',1000000,2,'USD',0,
  10000,10000,10000,0,'{"model":7}',1794480300000000,1795317220547077,
  X'b10b3c1636890177e7fdc07c978d017ed47d458be7521988d77923dde76093ce',
  X'80b471ad13c43fcb2a264ef6e79dad6c7045119ba244da36eec40068703c7675');
INSERT INTO billing_usage_ledger VALUES(4,1,3,'other','3','generate_text','token',9000000,
  NULL,'XXX',0,10000,10000,10000,0,'{"model":"café"}',1762944300000000,1795317220547130,
  X'80b471ad13c43fcb2a264ef6e79dad6c7045119ba244da36eec40068703c7675',
  X'a27dfaaddbb18b530e47d4cdbd46e845eedd26deac76b9ebda2d84f1709b1ae4');
INSERT INTO billing_usage_ledger VALUES(5,1,4,'app','5','generate_text','token',
  500000000000,2,'USD',2,10000,10000,10000,1000000,'{"model":"m"}',1795168800000000,
  1795317220547176,X'a27dfaaddbb18b530e47d4cdbd46e845eedd26deac76b9ebda2d84f1709b1ae4',
  X'887e49d3d58fd26a129b80e6bd5b3bc70cecb277b914d5ffeac734ca48b09867');
INSERT INTO billing_usage_ledger VALUES(6,1,5,'app','late','generate_text','token',
  4000000000000,1,'USD',2,10000,10000,10000,8000000,'{"model":"m"}',1793613600000000,
  1795317220627892,X'887e49d3d58fd26a129b80e6bd5b3bc70cecb277b914d5ffeac734ca48b09867',
  X'7ab2e78abc0ef570816b206a6706b9ba0b3be4a703858e64068280578a709735');
INSERT INTO billing_usage_ledger VALUES(7,1,6,'app','later','generate_text','token',
  1000000000,1,'USD',2,10000,10000,10000,2000,'{"model":"m"}',1793617200000000,
  1795317220696918,X'7ab2e78abc0ef570816b206a6706b9ba0b3be4a703858e64068280578a709735',
  X'73278b1f27f490828f02c743c865194993b8d038c78670f6e4f5bcf1ab07b4df');
INSERT INTO billing_entry VALUES(1,1,'receivable','revenue:generate_text',2501);
INSERT INTO billing_entry VALUES(2,1,'receivable','revenue:search',2100);
INSERT INTO billing_entry VALUES(3,1,'receivable','revenue:dance',0);
INSERT INTO billing_entry VALUES(4,1,'receivable','revenue:generate_text',0);
INSERT INTO billing_entry VALUES(5,1,'receivable','revenue:generate_text',1000000);
INSERT INTO billing_entry VALUES(6,1,'receivable','revenue:generate_text',8000000);
INSERT INTO billing_entry VALUES(7,1,'receivable','revenue:generate_text',2000);
INSERT INTO billing_invoice VALUES(1,1,'2026-11-001',1793491200000000,1796083200000000,
  'USD',1004601,1795317220593385);
INSERT INTO billing_invoice VALUES(2,1,'2026-11-002',1793491200000000,1796083200000000,
  'USD',8000000,1795317220653503);
INSERT INTO billing_invoice_line VALUES(1,0,1,'dance','step',0,10000,10000,10000,1,1000000,
  0);
INSERT INTO billing_invoice_line VALUES(1,1,1,'generate_text','token',2,10000,10000,10000,1,
  500000000000,1000000);
INSERT INTO billing_invoice_line VALUES(1,2,1,'generate_text','token',2,10000,10000,12500,1,
  1000500000,2501);
INSERT INTO billing_invoice_line VALUES(1,3,1,'search','query',700,10000,10000,10000,1,
  3000000,2100);
INSERT INTO billing_invoice_line VALUES(2,0,1,'generate_text','token',2,10000,10000,10000,1,
  4000000000000,8000000);
INSERT INTO billing_invoice_item VALUES(1,1,1,2);
INSERT INTO billing_invoice_item VALUES(2,1,1,3);
INSERT INTO billing_invoice_item VALUES(3,1,1,0);
INSERT INTO billing_invoice_item VALUES(5,1,1,1);
INSERT INTO billing_invoice_item VALUES(6,1,2,0);
)sql";

/// A store of an older version with these rows, in place of the scratch store's empty one.
void write_version(const test::ScratchStore& scratch, int of, const char* rows) {
  const std::string catalog = scratch.directory() + "/hart.db";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(catalog + suffix);
  store::Connection db{catalog, store::Connection::Mode::create, 0};
  db.exec("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF");
  for (int version = 1; version <= of; ++version)
    for (const store::SchemaModule& module : test::bill_modules())
      for (const store::Migration& step : module.migrations)
        if (step.version == version) db.exec(step.sql);
  db.exec("INSERT INTO tenant (tenant_id, name, created_us) VALUES (1, 'default', 1)");
  db.exec(rows);
  db.exec("PRAGMA user_version = " + std::to_string(of) +
          "; PRAGMA application_id = " + std::to_string(store::kApplicationId));
}

void write_version_4(const test::ScratchStore& scratch) {
  write_version(scratch, 4, kVersion4Rows);
}

TEST_CASE("bill migration: a quota of version 5 keeps its limit and what was used") {
  const test::ScratchStore scratch{test::bill_modules()};
  // 300 tokens set aside, by whom nobody knows any more.
  write_version(scratch, 5, R"sql(
    INSERT INTO billing_quota VALUES (1, 0, 2, 1, 1000, 4102444800000000, 600, 300);
    INSERT INTO billing_quota VALUES (1, 1, 0, 0, 5, 4102444800000000, 7, 0);
    INSERT INTO billing_quota_reservation VALUES (1, 1, 99, 4102444800000001, 300, 1, 0, 0);
  )sql");
  (void)store::migrate_store(scratch.directory(), test::bill_modules(), 1'000, false);
  store::Store store = scratch.open();
  const std::vector<Quota> all = quotas(store);
  REQUIRE(all.size() == 2);
  CHECK(all[0].limit_micros == 1'000);
  CHECK(all[0].used_micros == 600);
  CHECK(all[0].reserved_micros == 0);
  CHECK_FALSE(all[1].hard);
  CHECK(all[1].used_micros == 7);
}

TEST_CASE(
    "bill migration: a ledger of version 4 keeps its entries, its chain and its invoices") {
  const test::ScratchStore scratch{test::bill_modules()};
  write_version_4(scratch);
  CHECK(store::migrate_store(scratch.directory(), test::bill_modules(), 1'000, false).from ==
        4);

  store::Store store = scratch.open();
  const LedgerVerification verified = verify_ledger(store);
  for (const std::string& problem : verified.problems) FAIL_CHECK(problem);
  CHECK(verified.entries == 7);
  CHECK(verified.total_micros == 9'006'601);
  // The head that hart-bill verify printed before.
  CHECK(to_hex(verified.head) ==
        "73278b1f27f490828f02c743c865194993b8d038c78670f6e4f5bcf1ab07b4df");

  const std::vector<Invoice> invoices = find_invoices(store);
  REQUIRE(invoices.size() == 2);
  CHECK(invoices[0].total_micros == 1'004'601);
  CHECK(invoices[0].decimal_places == 6);
  REQUIRE(invoices[0].lines.size() == 4);
  CHECK(invoices[0].lines[2].units_micros == 1'000'500'000);
  CHECK(invoices[0].lines[2].amount_micros == 2'501);
  CHECK(invoices[1].total_micros == 8'000'000);

  UsageQuery query;
  query.by_model = true;
  const auto totals = usage_totals(store, query);
  REQUIRE(totals.size() == 4);
  CHECK(totals[1].model == "café");
  CHECK(totals[1].unrated_events == 1);
  CHECK(totals[2].units_micros == 4'502'000'500'000);
  CHECK(PlanBook{store}.plans()[1].operations[1].base_rate_micros == 700);
}

TEST_CASE("bill migration: what was recorded before is known, what is new goes on from there") {
  const test::ScratchStore scratch{test::bill_modules()};
  write_version_4(scratch);
  (void)store::migrate_store(scratch.directory(), test::bill_modules(), 1'000, false);
  store::Store store = scratch.open();
  UsageRecord usage = test::sample_usage("late", 4'000'000'000'000);
  usage.source = "app";
  CHECK(test::record(store, usage).duplicate);
  usage.event_id = "new";
  CHECK(test::record(store, usage).sequence == 7);
  const auto rest = create_invoice(store, "2026-11", false);
  REQUIRE(rest);
  CHECK(rest->invoice.number == "2026-11-003");
  std::int64_t events = 0;
  for (const InvoiceLine& line : rest->invoice.lines) events += line.events;
  CHECK(events == 2);
  CHECK(verify_ledger(store).problems.empty());
}

}  // namespace
}  // namespace hart::bill
