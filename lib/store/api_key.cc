#include "store/api_key.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/uuid.h"
#include "crypto/sha256.h"
#include "store/audit.h"

namespace hart::store {
namespace {

constexpr std::string_view kKeyPrefix = "hart_";
constexpr std::size_t kPublicDigits = 12;
constexpr std::size_t kSecretDigits = 64;
constexpr std::size_t kMaxLabelBytes = 200;
constexpr std::int64_t kMaxPerMinute = 60'000'000;
constexpr std::int64_t kMaxBurst = 1'000'000;

/// All of a key in one statement: preparing one is most of what a check costs.
const std::string kSelectKeys =
    "SELECT key.api_key_id, key.tenant_id, key.public_id, key.label, key.created_us,"
    " key.expires_us, key.revoked_us, key.rate_per_minute, key.burst, tenant.name,"
    " (SELECT group_concat(scope, ' ') FROM api_key_scope AS of_key"
    "   WHERE of_key.api_key_id = key.api_key_id),"
    " key.hmac, (SELECT value FROM hmac_key WHERE name = 'api_key')"
    " FROM api_key AS key JOIN tenant USING (tenant_id) ";

std::string random_hex(std::size_t digits) {
  ByteBuffer bytes(digits / 2);
  random_bytes(bytes.data(), bytes.size());
  return to_hex(bytes);
}

/// The store's own key, made with the first that is issued.
Hash256 ensure_secret(Connection& db) {
  Statement find =
      db.prepare("SELECT value FROM hmac_key WHERE name = 'api_key'", Scope::owner);
  if (find.step()) return find.hash(0);
  Hash256 secret;
  random_bytes(secret.data(), secret.size());
  db.prepare("INSERT INTO hmac_key (name, value) VALUES ('api_key', ?)", Scope::owner)
      .run(secret);
  return secret;
}

/// The id is in it, so that the hash of one key says nothing of another.
Hash256 secret_hmac(const Hash256& store_secret, std::string_view public_id,
                    std::string_view secret) {
  std::string message{"hart-api-key/1 "};
  message += public_id;
  message += ' ';
  message += secret;
  return crypto::hmac_sha256(store_secret, as_bytes(message));
}

std::vector<std::string> split_scopes(std::string_view text) {
  std::vector<std::string> scopes;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    scopes.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return scopes;
}

/// A row of kSelectKeys. Scopes lie, and so come, in ascending order.
ApiKey read_key(const Statement& row) {
  ApiKey key;
  key.api_key_id = row.integer(0);
  key.tenant_id = row.integer(1);
  key.public_id = row.text(2);
  key.label = row.text(3);
  key.created = row.integer(4);
  if (!row.is_null(5)) key.expires = row.integer(5);
  if (!row.is_null(6)) key.revoked = row.integer(6);
  if (!row.is_null(7)) key.limit = RateLimit{row.integer(7), row.integer(8)};
  key.tenant = row.text(9);
  key.scopes = split_scopes(row.text(10));
  return key;
}

ApiKey find_own_key(Store& store, const std::string& public_id) {
  Statement row = store.db().prepare(
      kSelectKeys + "WHERE key.tenant_id = ? AND key.public_id = ?", Scope::owner);
  if (!row.with(store.tenant_id(), public_id).step())
    throw Error{Fault::no_input,
                "tenant " + store.tenant_name() + " has no key '" + public_id + "'"};
  return read_key(row);
}

void check_request(Store& store, const NewApiKey& request) {
  if (request.scopes.empty())
    throw Error{Fault::usage, "a key needs a scope: what it may be used for"};
  for (const std::string& scope : request.scopes) check_scope(scope);
  if (request.label.size() > kMaxLabelBytes)
    throw Error{Fault::usage,
                "a label has at most " + std::to_string(kMaxLabelBytes) + " bytes"};
  if (request.expires && *request.expires <= store.now())
    throw Error{Fault::usage, "the key would have expired already"};
  if (request.limit &&
      (request.limit->per_minute < 1 || request.limit->per_minute > kMaxPerMinute ||
       request.limit->burst < 1 || request.limit->burst > kMaxBurst))
    throw Error{Fault::usage, "a limit is 1 to " + std::to_string(kMaxPerMinute) +
                                  " a minute, with a burst of 1 to " +
                                  std::to_string(kMaxBurst)};
}

/// Inside a WriteTransaction.
IssuedApiKey insert_key(Store& store, const NewApiKey& request) {
  Connection& db = store.db();
  const std::string public_id = random_hex(kPublicDigits);
  const std::string secret = random_hex(kSecretDigits);
  std::optional<std::int64_t> rate;
  std::optional<std::int64_t> burst;
  if (request.limit) {
    rate = request.limit->per_minute;
    burst = request.limit->burst;
  }
  db.prepare(
        "INSERT INTO api_key (tenant_id, public_id, hmac, label, created_us, expires_us,"
        " rate_per_minute, burst) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        Scope::owner)
      .run(store.tenant_id(), public_id, secret_hmac(ensure_secret(db), public_id, secret),
           request.label, store.now(), request.expires, rate, burst);
  const std::int64_t api_key_id = db.last_insert_id();
  Statement scope = db.prepare(
      "INSERT INTO api_key_scope (api_key_id, scope) VALUES (?, ?) ON CONFLICT DO NOTHING",
      Scope::owner);
  for (const std::string& one : request.scopes) scope.run(api_key_id, one);
  db.prepare("UPDATE tenant SET requires_key = 1 WHERE tenant_id = ?", Scope::owner)
      .run(store.tenant_id());
  return {find_own_key(store, public_id), std::string{kKeyPrefix} + public_id + "_" + secret};
}

std::string joined_scopes(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text += " " + scope;
  return text;
}

[[noreturn]] void throw_invalid() {
  throw Error{Fault::denied, "the API key is not valid"};
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

void check_scope(std::string_view scope) {
  static constexpr std::array<std::string_view, 6> kTools{"ingest", "search", "infer",
                                                          "bill",   "prov",   "ooda"};
  if (scope == "*") return;
  const std::size_t colon = scope.find(':');
  bool is_sound = std::ranges::find(kTools, scope.substr(0, colon)) != kTools.end();
  std::string_view rest = colon == scope.npos ? std::string_view{} : scope.substr(colon + 1);
  if (colon != scope.npos) is_sound = is_sound && !rest.empty() && !rest.ends_with('.');
  while (is_sound && !rest.empty()) {
    const std::size_t dot = rest.find('.');
    is_sound = is_word(rest.substr(0, dot));
    rest = dot == rest.npos ? std::string_view{} : rest.substr(dot + 1);
  }
  if (!is_sound)
    throw Error{Fault::usage, "'" + std::string{scope} +
                                  "' is no scope: give a tool as search, one of its "
                                  "subcommands as search:query, or *"};
}

bool permits(const ApiKey& key, std::string_view tool, std::string_view verb) {
  if (tool.starts_with("hart-")) tool.remove_prefix(5);
  const std::string wanted = std::string{tool} + ":" + std::string{verb};
  return std::ranges::any_of(key.scopes, [&](const std::string& scope) {
    if (scope == "*" || scope == tool || scope == wanted) return true;
    return scope.find(':') != scope.npos && wanted.starts_with(scope + ".");
  });
}

IssuedApiKey issue_api_key(Store& store, const NewApiKey& request) {
  check_request(store, request);
  WriteTransaction transaction{store};
  IssuedApiKey issued = insert_key(store, request);
  record_act(store, "hart-bill key issue",
             "key " + issued.key.public_id + " for" + joined_scopes(issued.key.scopes));
  transaction.commit();
  return issued;
}

IssuedApiKey rotate_api_key(Store& store, const std::string& public_id, TimeUs grace) {
  WriteTransaction transaction{store};
  const ApiKey old = find_own_key(store, public_id);
  const TimeUs now = store.now();
  if (old.revoked || (old.expires && *old.expires <= now))
    throw Error{Fault::denied, "key " + public_id + " is not valid any more"};
  IssuedApiKey issued = insert_key(store, {old.label, old.scopes, old.expires, old.limit});
  if (grace == 0) {
    store.db()
        .prepare("UPDATE api_key SET revoked_us = ? WHERE api_key_id = ?", Scope::owner)
        .run(now, old.api_key_id);
  } else {
    const TimeUs end = std::min(now + grace, old.expires.value_or(INT64_MAX));
    store.db()
        .prepare("UPDATE api_key SET expires_us = ? WHERE api_key_id = ?", Scope::owner)
        .run(end, old.api_key_id);
  }
  record_act(store, "hart-bill key rotate",
             "key " + public_id + " by key " + issued.key.public_id);
  transaction.commit();
  return issued;
}

bool revoke_api_key(Store& store, const std::string& public_id) {
  WriteTransaction transaction{store};
  const ApiKey key = find_own_key(store, public_id);
  if (key.revoked) return false;
  store.db()
      .prepare("UPDATE api_key SET revoked_us = ? WHERE api_key_id = ?", Scope::owner)
      .run(store.now(), key.api_key_id);
  record_act(store, "hart-bill key revoke", "key " + public_id);
  transaction.commit();
  return true;
}

std::vector<ApiKey> api_keys(Store& store) {
  Statement rows = store.db().prepare(
      kSelectKeys + "WHERE key.tenant_id = ? ORDER BY key.api_key_id", Scope::owner);
  rows.with(store.tenant_id());
  std::vector<ApiKey> keys;
  while (rows.step()) keys.push_back(read_key(rows));
  return keys;
}

ApiKey check_api_key(Connection& db, std::string_view text, TimeUs now) {
  constexpr std::size_t kLength = kKeyPrefix.size() + kPublicDigits + 1 + kSecretDigits;
  if (text.size() != kLength || !text.starts_with(kKeyPrefix)) throw_invalid();
  const std::string_view public_id = text.substr(kKeyPrefix.size(), kPublicDigits);
  const std::string_view secret = text.substr(kKeyPrefix.size() + kPublicDigits + 1);
  if (text[kKeyPrefix.size() + kPublicDigits] != '_' || !is_hex(public_id) || !is_hex(secret))
    throw_invalid();
  Statement row = db.prepare(kSelectKeys + "WHERE key.public_id = ?", Scope::owner);
  const bool is_known = row.with(public_id).step();
  // An unknown id is answered after the same work as a wrong secret.
  const Hash256 expected = is_known ? row.hash(11) : Hash256{};
  const Hash256 store_secret = is_known ? row.hash(12) : Hash256{};
  const bool is_right =
      crypto::equal_constant_time(secret_hmac(store_secret, public_id, secret), expected);
  if (!is_known || !is_right) throw_invalid();
  const ApiKey key = read_key(row);
  if (key.revoked) throw Error{Fault::denied, "API key " + key.public_id + " was revoked"};
  if (key.expires && *key.expires <= now)
    throw Error{Fault::denied, "API key " + key.public_id + " has expired"};
  return key;
}

}  // namespace hart::store
