#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hart::store {

/// What a tenant may do with an object that it holds: the store's owner says, `write` until
/// then. In ascending order.
enum class AccessLevel : std::uint8_t {
  none,   ///< nothing: it is held and counted, and otherwise as if it were not there
  read,   ///< all that neither changes nor removes it
  write,  ///< everything
};

[[nodiscard]] std::string_view access_level_name(AccessLevel level) noexcept;
[[nodiscard]] std::optional<AccessLevel> find_access_level(std::string_view name) noexcept;

}  // namespace hart::store
