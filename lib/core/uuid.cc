#include "core/uuid.h"

#include <sys/random.h>

#include <cerrno>

#include "core/bytes.h"
#include "core/error.h"

namespace hart {

void random_bytes(std::uint8_t* out, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::getrandom(out, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(Fault::io, "getrandom", errno);
    out += got;
    size -= static_cast<std::size_t>(got);
  }
}

Uuid make_uuid7(TimeUs time) {
  Uuid uuid{};
  random_bytes(uuid.data() + 8, 8);
  const auto milliseconds = static_cast<std::uint64_t>(time / 1000);
  for (int i = 0; i < 6; ++i)
    uuid[i] = static_cast<std::uint8_t>(milliseconds >> (8 * (5 - i)));
  // 12 bits of sub-millisecond precision: microseconds × 4096 / 1000.
  const auto fraction = static_cast<std::uint32_t>(time % 1000 * 4096 / 1000);
  uuid[6] = static_cast<std::uint8_t>(0x70 | fraction >> 8);
  uuid[7] = static_cast<std::uint8_t>(fraction);
  uuid[8] = static_cast<std::uint8_t>(0x80 | (uuid[8] & 0x3f));
  return uuid;
}

std::string uuid_text(const Uuid& uuid) {
  const std::string hex = to_hex(uuid);
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' +
         hex.substr(16, 4) + '-' + hex.substr(20);
}

Uuid parse_uuid(std::string_view text) {
  const std::string shown{text};
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
      text[23] != '-')
    throw Error{Fault::data, "'" + shown + "' is not a UUID"};
  std::string hex;
  for (const char c : text)
    if (c != '-') hex.push_back(c);
  if (hex.size() != 32) throw Error{Fault::data, "'" + shown + "' is not a UUID"};
  const ByteBuffer bytes = from_hex(hex);
  Uuid uuid{};
  std::copy(bytes.begin(), bytes.end(), uuid.begin());
  return uuid;
}

}  // namespace hart
