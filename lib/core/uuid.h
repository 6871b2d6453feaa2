#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace hart {

using Uuid = std::array<std::uint8_t, 16>;

/// A new UUID of version 7: 48 bits of `time` in milliseconds, 12 bits of its fraction, 62
/// random bits from the kernel. Ids made by one process in order of time sort in that order.
/// Source: RFC 9562, section 5.7, with method 3 of section 6.2 for the fraction.
[[nodiscard]] Uuid make_uuid7(TimeUs time);

/// "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", lower case.
[[nodiscard]] std::string uuid_text(const Uuid& uuid);
/// The inverse. Throws Error(data).
[[nodiscard]] Uuid parse_uuid(std::string_view text);

/// Fills `out` with random bytes from the kernel. Throws Error(io) when it gives none.
void random_bytes(std::uint8_t* out, std::size_t size);

}  // namespace hart
