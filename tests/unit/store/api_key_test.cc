#include "store/api_key.h"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "store/access.h"
#include "store/tenant.h"
#include "support/scratch_store.h"

namespace hart::store {
namespace {

const SchemaModule kKeyModules[] = {catalog_schema()};

struct KeyStore : test::ScratchStore {
  KeyStore() : ScratchStore{kKeyModules} { add_tenant("alpha"); }

  IssuedApiKey issue(const NewApiKey& request) const {
    Store store = open("alpha");
    return issue_api_key(store, request);
  }

  /// Opens the store on somebody's behalf; the message of what refuses it, else who acts.
  std::string ask(const AccessRequest& access, const std::string& tenant = "default") const {
    OpenOptions options;
    options.directory = directory();
    options.tenant = tenant;
    options.access = access;
    try {
      const Store store{options};
      return store.tenant_name() + " by " + store.actor();
    } catch (const Error& error) {
      fault = error.fault();
      return error.what();
    }
  }

  mutable Fault fault = Fault::internal;
};

bool message_has(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

TEST_CASE("api key: it acts as its tenant, for what its scopes permit") {
  const KeyStore keys;
  const IssuedApiKey issued = keys.issue({"test", {"search", "ingest:snapshot"}, {}, {}});
  CHECK(issued.text.size() == 5 + 12 + 1 + 64);
  const std::string by = "alpha by key " + issued.key.public_id;
  CHECK(keys.ask({"hart-search", "query", issued.text}) == by);
  CHECK(keys.ask({"hart-search", "index.build", issued.text}) == by);
  CHECK(keys.ask({"hart-ingest", "snapshot.create", issued.text}) == by);
  CHECK(keys.ask({"hart-search", "query", issued.text, true}, "alpha") == by);
  CHECK(message_has(keys.ask({"hart-ingest", "add", issued.text}), "does not permit"));
  CHECK(keys.fault == Fault::denied);
  CHECK(message_has(keys.ask({"hart-ingest", "snapshots", issued.text}), "does not permit"));
  CHECK(message_has(keys.ask({"hart-search", "query", issued.text, true}, "default"),
                    "does not act as tenant default"));
}

TEST_CASE("api key: a tenant that has had one cannot be acted as without, until it is said") {
  const KeyStore keys;
  CHECK(message_has(keys.ask({"hart-search", "query", ""}, "alpha"), "alpha by uid"));
  const IssuedApiKey issued = keys.issue({"", {"*"}, {}, {}});
  CHECK(message_has(keys.ask({"hart-search", "query", ""}, "alpha"), "needs an API key"));
  CHECK(keys.fault == Fault::denied);
  CHECK(message_has(keys.ask({"hart-search", "query", ""}), "default by uid"));
  Store store = keys.open("alpha");
  CHECK(revoke_api_key(store, issued.key.public_id));
  CHECK_FALSE(revoke_api_key(store, issued.key.public_id));
  CHECK(message_has(keys.ask({"hart-search", "query", ""}, "alpha"), "needs an API key"));
  CHECK(message_has(keys.ask({"hart-search", "query", issued.text}), "was revoked"));
  TenantChange change;
  change.requires_key = false;
  change_tenant(store, "alpha", change);
  CHECK(message_has(keys.ask({"hart-search", "query", ""}, "alpha"), "alpha by uid"));
}

TEST_CASE("api key: administration takes none, be its scope what it may") {
  const KeyStore keys;
  const IssuedApiKey issued = keys.issue({"", {"*"}, {}, {}});
  CHECK(message_has(keys.ask({"hart-ingest", "gc", issued.text, false, true}),
                    "not for an API key"));
  CHECK(message_has(keys.ask({"hart-ingest", "gc", "", false, true}), "by uid"));
}

TEST_CASE("api key: whatever is not the key is told alike, and what is cut is refused") {
  const KeyStore keys;
  const IssuedApiKey issued = keys.issue({"", {"*"}, {}, {}});
  const std::string text = issued.text;
  const auto refusal = [&](const std::string& key) {
    return keys.ask({"hart-search", "query", key});
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == '0' ? '1' : '0';
    CHECK(refusal(changed) == "the API key is not valid");
  }
  for (const std::string& other :
       {text.substr(1), text + "0", text.substr(0, 20), std::string{"x"},
        "hart_" + std::string(12, '0') + "_" + std::string(64, '0')})
    CHECK(refusal(other) == "the API key is not valid");
}

TEST_CASE("api key: it ends when it expires, and not before") {
  const KeyStore keys;
  Store store = keys.open("alpha");
  NewApiKey request{"", {"*"}, store.now() + 3'600'000'000, {}};
  const IssuedApiKey issued = issue_api_key(store, request);
  const TimeUs end = *request.expires;
  CHECK(check_api_key(store.db(), issued.text, end - 1).public_id == issued.key.public_id);
  CHECK_THROWS_WITH_AS((void)check_api_key(store.db(), issued.text, end),
                       ("API key " + issued.key.public_id + " has expired").c_str(), Error);
  request.expires = store.now() - 1;
  CHECK_THROWS_AS((void)issue_api_key(store, request), Error);
}

TEST_CASE("api key: rotation gives a key of the same rights, and ends the old one") {
  const KeyStore keys;
  Store store = keys.open("alpha");
  const IssuedApiKey first =
      issue_api_key(store, {"robot", {"search:query"}, {}, RateLimit{7, 3}});
  const IssuedApiKey second = rotate_api_key(store, first.key.public_id, 0);
  CHECK(second.key.label == "robot");
  CHECK(second.key.scopes == first.key.scopes);
  REQUIRE(second.key.limit.has_value());
  CHECK(second.key.limit->burst == 3);
  const TimeUs now = store.now();
  CHECK_THROWS_AS((void)check_api_key(store.db(), first.text, now), Error);
  CHECK_THROWS_AS((void)rotate_api_key(store, first.key.public_id, 0), Error);
  const IssuedApiKey third = rotate_api_key(store, second.key.public_id, 60'000'000);
  CHECK(check_api_key(store.db(), second.text, now).public_id == second.key.public_id);
  CHECK_THROWS_AS((void)check_api_key(store.db(), second.text, now + 70'000'000), Error);
  CHECK(api_keys(store).size() == 3);
  Store other = keys.open("default");
  CHECK(api_keys(other).empty());
  CHECK_THROWS_AS((void)revoke_api_key(other, third.key.public_id), Error);
}

TEST_CASE("api key: only what names something is a scope") {
  for (const char* scope :
       {"*", "search", "search:query", "search:index.build", "ooda:job.run"})
    CHECK_NOTHROW(check_scope(scope));
  for (const char* scope : {"", "hart-search", "searches", "search:", "search:.", "search:a.",
                            "search:a..b", "search:Query", ":query", "search:query x", "*:add"})
    CHECK_THROWS_AS(check_scope(scope), Error);
  const KeyStore keys;
  Store store = keys.open("alpha");
  CHECK_THROWS_AS((void)issue_api_key(store, {"", {}, {}, {}}), Error);
  CHECK_THROWS_AS((void)issue_api_key(store, {"", {"*"}, {}, RateLimit{0, 1}}), Error);
}

TEST_CASE("api key: no file of the store holds it") {
  const KeyStore keys;
  const IssuedApiKey issued = keys.issue({"label", {"*"}, {}, RateLimit{100, 5}});
  CHECK(message_has(keys.ask({"hart-search", "query", issued.text}), "alpha"));
  const std::string secret = issued.text.substr(18);
  const ByteBuffer raw = from_hex(secret);
  for (const auto& entry : std::filesystem::recursive_directory_iterator{keys.directory()}) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file{entry.path(), std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    CHECK_FALSE(message_has(bytes, secret));
    CHECK_FALSE(message_has(bytes, std::string{as_text(raw)}));
  }
}

TEST_CASE("api key: rows of keys can end, and change in nothing else") {
  const KeyStore keys;
  (void)keys.issue({"", {"*"}, 9'000'000'000'000'000, {}});
  CHECK(keys.tamper("UPDATE api_key SET expires_us = expires_us + 1") != "");
  CHECK(keys.tamper("UPDATE api_key SET expires_us = NULL") != "");
  CHECK(keys.tamper("UPDATE api_key SET tenant_id = 1") != "");
  CHECK(keys.tamper("UPDATE api_key SET hmac = zeroblob(32)") != "");
  CHECK(keys.tamper("DELETE FROM api_key") != "");
  CHECK(keys.tamper("UPDATE api_key SET expires_us = expires_us - 1") == "");
  CHECK(keys.tamper("UPDATE api_key SET revoked_us = 5") == "");
  CHECK(keys.tamper("UPDATE api_key SET revoked_us = NULL") != "");
}

TEST_CASE("api key: a tenant's statements do not reach hashes, keys of others or the log") {
  const KeyStore keys;
  (void)keys.issue({"", {"*"}, {}, {}});
  Store store = keys.open("default");
  for (const char* sql : {"SELECT hmac FROM api_key", "SELECT hmac FROM my_api_key",
                          "SELECT value FROM hmac_key", "SELECT detail FROM audit_log"})
    CHECK_THROWS_AS((void)store.db().prepare(sql), Error);
  Statement own = store.db().prepare("SELECT COUNT(*) FROM my_api_key");
  CHECK(own.step());
  CHECK(own.integer(0) == 0);
}

}  // namespace
}  // namespace hart::store
