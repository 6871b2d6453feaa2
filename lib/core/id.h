#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace hart {

/// What an id's digest was taken of. The value is what the store keeps (`hart-store.5`).
enum class IdSpace : std::uint8_t {
  content = 0,    ///< `sha256:`, SHA-256 of the bytes themselves
  structure = 1,  ///< `tree:`, SHA-256 of a canonical encoding
  keyed = 2,      ///< `hmac:`, HMAC-SHA-256 of the bytes under a tenant's key
};

/// An atom's identity. Two spaces never meet: equal digests in different spaces are different
/// ids.
struct Id {
  IdSpace space = IdSpace::content;
  Hash256 hash{};

  auto operator<=>(const Id&) const = default;

  /// `sha256:<64 hex>`, `tree:<64 hex>` or `hmac:<64 hex>`.
  [[nodiscard]] std::string text() const;
};

/// The name of a space with its colon: "sha256:", "tree:", "hmac:".
[[nodiscard]] std::string_view id_space_prefix(IdSpace space) noexcept;

/// Parses a full id, as `Id::text` writes it. Throws Error(data).
[[nodiscard]] Id parse_id(std::string_view text);

}  // namespace hart
