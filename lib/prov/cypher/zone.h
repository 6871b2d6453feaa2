#pragma once

#include <cstdint>
#include <string_view>

namespace hart::prov::cypher {

/// Seconds east of UTC that `zone` (an IANA name, such as "Europe/Stockholm") has at the
/// instant `utc_s`. The rules are the system's, under /usr/share/zoneinfo (TZif, RFC 8536),
/// read once a process. Throws Error{Fault::data} for a name that is not there.
[[nodiscard]] std::int32_t zone_offset(std::string_view zone, std::int64_t utc_s);

/// The offset at a local time: at a local time that comes twice the first, at one that is left
/// out the one before.
[[nodiscard]] std::int32_t local_zone_offset(std::string_view zone, std::int64_t local_s);

}  // namespace hart::prov::cypher
