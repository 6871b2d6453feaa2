#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "crypto/secret_key.h"

namespace hart::store {

class Connection;

/// Names a payload key and says nothing of it: the store keeps it, to tell a wrong key at once.
using PayloadKeyId = std::array<std::uint8_t, 16>;

/// The key of a store's payload: 256 random bits, in a file of 64 hexadecimal digits and a
/// newline that only its owner may read.
class PayloadKey {
 public:
  /// Throws as crypto::read_secret_file, Error(data) when the file holds anything else.
  [[nodiscard]] static PayloadKey read(const std::string& path);
  /// Writes a new key to a new file. Throws as crypto::write_secret_file.
  [[nodiscard]] static PayloadKey create(const std::string& path);

  [[nodiscard]] PayloadKeyId id() const;
  /// The key of one extent: HKDF with the extent's own salt.
  [[nodiscard]] crypto::SecretKey extent_key(ByteView salt) const;

 private:
  PayloadKey() = default;

  crypto::SecretKey secret_;
};

/// That the payload of a store is encrypted, and its key when it was given.
class PayloadSeal {
 public:
  PayloadSeal(const PayloadKeyId& key_id, std::optional<PayloadKey> key);

  [[nodiscard]] const PayloadKeyId& key_id() const noexcept { return key_id_; }
  /// Throws Error(denied) when no key was given.
  [[nodiscard]] const PayloadKey& key() const;

 private:
  PayloadKeyId key_id_;
  std::optional<PayloadKey> key_;
};

/// Makes a new store, without extents, one whose payload is encrypted with this key.
void set_payload_key(Connection& db, const PayloadKey& key, std::int64_t now_us);

/// Null for a store whose payload is not encrypted: a key file is not looked at then. Throws as
/// PayloadKey::read when there is a file, Error(denied) when it holds another store's key.
[[nodiscard]] std::unique_ptr<const PayloadSeal> find_payload_seal(Connection& db,
                                                                   const std::string& key_file);

}  // namespace hart::store
