#include "store/audit.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/error.h"
#include "store/api_key.h"
#include "store/tenant.h"
#include "store/tenant_quota.h"
#include "support/scratch_store.h"

namespace hart::store {
namespace {

const SchemaModule kAuditModules[] = {catalog_schema()};

std::vector<AuditEntry> entries(const test::ScratchStore& scratch) {
  Store store = scratch.open();
  std::vector<AuditEntry> all;
  for_each_audit_entry(store, {}, [&](const AuditEntry& entry) { all.push_back(entry); });
  return all;
}

TEST_CASE("audit: tenants, keys and limits leave an entry each, with who did it") {
  const test::ScratchStore scratch{kAuditModules};
  {
    Store store = scratch.open();
    CHECK(add_tenant(store, "alpha"));
    CHECK_FALSE(add_tenant(store, "alpha"));
    TenantChange change;
    change.max_atoms = 10;
    change_tenant(store, "alpha", change);
    change_tenant(store, "alpha", {});
  }
  {
    Store store = scratch.open("alpha");
    const IssuedApiKey issued = issue_api_key(store, {"", {"search"}, {}, {}});
    const IssuedApiKey next = rotate_api_key(store, issued.key.public_id, 0);
    CHECK(revoke_api_key(store, next.key.public_id));
  }
  const std::vector<AuditEntry> found = entries(scratch);
  REQUIRE(found.size() == 5);
  CHECK(found[0].command == "hart-bill tenant add");
  CHECK(found[0].actor.starts_with("uid "));
  CHECK(found[1].detail == "tenant alpha max_atoms 10");
  CHECK(found[2].tenant == "alpha");
  CHECK(found[2].command == "hart-bill key issue");
  CHECK(found[4].command == "hart-bill key revoke");
  for (std::size_t i = 1; i < found.size(); ++i) CHECK(found[i].time > found[i - 1].time);
}

TEST_CASE("audit: a refusal is recorded, and a flood of them is not") {
  const test::ScratchStore scratch{kAuditModules};
  scratch.add_tenant("alpha");
  OpenOptions options;
  options.directory = scratch.directory();
  options.access = AccessRequest{"hart-search", "query", "hart_wrong"};
  for (int i = 0; i < 70; ++i) CHECK_THROWS_AS(Store{options}, Error);
  const std::vector<AuditEntry> found = entries(scratch);
  CHECK(found.size() >= 60);
  CHECK(found.size() <= 62);
  CHECK(found[0].refused);
  CHECK(found[0].detail == "the API key is not valid");
  CHECK(found[0].command == "hart-search query");
  for (const AuditEntry& entry : found)
    CHECK(entry.detail.find("hart_wrong") == std::string::npos);
}

TEST_CASE("audit: entries are never changed and never removed") {
  const test::ScratchStore scratch{kAuditModules};
  {
    Store store = scratch.open();
    record_lone_act(store, "hart-bill tenant add", "tenant alpha");
  }
  CHECK(scratch.tamper("UPDATE audit_log SET detail = ''") != "");
  CHECK(scratch.tamper("DELETE FROM audit_log") != "");
  CHECK(entries(scratch).size() == 1);
}

TEST_CASE(
    "quota: what a tenant without limits has is not counted, a limit holds to the last one") {
  const test::ScratchStore scratch{kAuditModules};
  Store store = scratch.open();
  {
    TenantQuota quota{store};
    CHECK_NOTHROW(quota.require_room());
    CHECK_NOTHROW(quota.add({1'000'000'000, 1'000, 1ull << 50}));
  }
  TenantChange change;
  change.max_atoms = 10;
  change.max_models = 1;
  change.max_storage_bytes = 100;
  change_tenant(store, "default", change);
  TenantQuota quota{store};
  CHECK_NOTHROW(quota.add({9, 1, 99}));
  CHECK_THROWS_AS(quota.add({2, 0, 1}), Error);
  CHECK_THROWS_AS(quota.add({1, 1, 1}), Error);
  CHECK_THROWS_AS(quota.add({1, 0, 2}), Error);
  CHECK_NOTHROW(quota.require_room());
  CHECK_NOTHROW(quota.add({1, 0, 1}));
  CHECK_THROWS_AS(quota.require_room(), Error);
  change = {};
  change.max_atoms = -1;
  change.max_storage_bytes = -1;
  change_tenant(store, "default", change);
  CHECK_NOTHROW(TenantQuota{store}.require_room());
  change = {};
  change.active = false;
  CHECK_THROWS_AS(change_tenant(store, "default", change), Error);
  CHECK_THROWS_AS(change_tenant(store, "nobody", change), Error);
}

}  // namespace
}  // namespace hart::store
