#pragma once

#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/endian.h"
#include "crypto/sha256.h"

namespace hart::bill {

/// SHA-256 over a record of fields whose boundaries are unambiguous: a name of eight bytes,
/// then integers as i64 and texts as u32 length and bytes, all little-endian. hart-receipt(5)
/// lists the fields of each record.
class RecordHasher {
 public:
  explicit RecordHasher(std::string_view name) {
    bytes_.reserve(kUsualBytes);
    bytes_.assign(name.begin(), name.end());
  }

  RecordHasher& integer(std::int64_t value) {
    append_le(bytes_, value);
    return *this;
  }
  RecordHasher& text(std::string_view value) {
    append_le(bytes_, static_cast<std::uint32_t>(value.size()));
    append(bytes_, as_bytes(value));
    return *this;
  }
  RecordHasher& digest(const Hash256& value) {
    append(bytes_, value);
    return *this;
  }
  [[nodiscard]] Hash256 finish() const { return crypto::sha256(bytes_); }

 private:
  static constexpr std::size_t kUsualBytes = 512;  ///< an entry of the ledger fits

  ByteBuffer bytes_;
};

}  // namespace hart::bill
