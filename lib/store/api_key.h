#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "store/rate_limit.h"
#include "store/store.h"

namespace hart::store {

/// The bucket of the log of refusals; a key's is its api_key_id, from 1 on.
inline constexpr std::uint64_t kRefusalBucket = 0;

/// A key to act as a tenant: `hart_<id>_<secret>`, 12 and 64 hexadecimal digits, the secret 256
/// random bits. The store keeps an HMAC of the secret under a key of its own, so that no key
/// can be made from a copy of the store; a slow hash would protect nothing more, since what is
/// random cannot be guessed.
struct ApiKey {
  std::int64_t api_key_id = 0;
  std::int64_t tenant_id = 0;
  std::string tenant;
  std::string public_id;  ///< the id in it, which is no secret
  std::string label;
  std::vector<std::string> scopes;  ///< ascending
  TimeUs created = 0;
  std::optional<TimeUs> expires;  ///< not valid from then on
  std::optional<TimeUs> revoked;
  std::optional<RateLimit> limit;
};

/// A scope is a tool's name without `hart-`, or that, a colon and a subcommand, whose own
/// subcommands follow a dot: "search", "search:query", "search:index.build"; or "*", all tools.
/// What it names it permits, with all below it; administration it never does.
/// Throws Error(usage) for a text that is none.
void check_scope(std::string_view scope);
/// Whether one of the key's scopes permits `verb` ("index.build") of `tool` ("hart-search").
[[nodiscard]] bool permits(const ApiKey& key, std::string_view tool, std::string_view verb);

struct NewApiKey {
  std::string label;
  std::vector<std::string> scopes;  ///< at least one
  std::optional<TimeUs> expires;
  std::optional<RateLimit> limit;
};

struct IssuedApiKey {
  ApiKey key;
  std::string text;  ///< the key itself: nothing can show it again
};

/// Issues a key of the acting tenant's; from the first on acting as the tenant needs one. Each
/// of these opens a WriteTransaction and leaves an entry in the audit log. Throws Error(usage)
/// for bad scopes, labels, limits, or an expiry that has passed.
[[nodiscard]] IssuedApiKey issue_api_key(Store& store, const NewApiKey& request);
/// Issues a key that may do what `public_id` may, which ends `grace` microseconds from now or,
/// with 0, at once. Throws Error(no_input) when the tenant has no such key, Error(denied) when
/// it is not valid any more.
[[nodiscard]] IssuedApiKey rotate_api_key(Store& store, const std::string& public_id,
                                          TimeUs grace);
/// False when it was revoked before. Throws Error(no_input) as above.
bool revoke_api_key(Store& store, const std::string& public_id);

/// The acting tenant's keys, oldest first.
[[nodiscard]] std::vector<ApiKey> api_keys(Store& store);

/// The key that `text` is. Throws Error(denied): malformed, unknown or with another secret,
/// which are told alike; expired or revoked, which only who has the secret is told. Costs two
/// lookups and one HMAC.
[[nodiscard]] ApiKey check_api_key(Connection& db, std::string_view text, TimeUs now);

}  // namespace hart::store
