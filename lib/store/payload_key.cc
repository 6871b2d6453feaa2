#include "store/payload_key.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/uuid.h"
#include "crypto/secret_file.h"
#include "store/connection.h"

namespace hart::store {
namespace {

// What the key is used for, each with keys that tell nothing of one another.
constexpr std::string_view kIdUse = "hart-payload-key/1";
constexpr std::string_view kExtentUse = "hart-extent/1";

/// The value of a hexadecimal digit, or 16.
unsigned digit_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
  return 16;
}

/// As from_hex, but without a copy that stays in memory. False for anything else.
bool decode_key(std::string_view digits, std::span<std::uint8_t> key) noexcept {
  if (digits.size() != 2 * key.size()) return false;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const unsigned high = digit_value(digits[2 * i]);
    const unsigned low = digit_value(digits[2 * i + 1]);
    if (high > 15 || low > 15) return false;
    key[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace

PayloadKey PayloadKey::read(const std::string& path) {
  std::string text = crypto::read_secret_file(path, "payload key");
  PayloadKey key;
  const bool is_key = decode_key(text, key.secret_.writable());
  crypto::wipe(text);
  if (!is_key)
    throw Error{Fault::data,
                path + ": not a payload key, which is 64 lower-case hexadecimal digits"};
  return key;
}

PayloadKey PayloadKey::create(const std::string& path) {
  PayloadKey key;
  random_bytes(key.secret_.writable().data(), crypto::SecretKey::kBytes);
  std::string text = to_hex(key.secret_.bytes());
  try {
    crypto::write_secret_file(path, text);
  } catch (...) {
    crypto::wipe(text);
    throw;
  }
  crypto::wipe(text);
  return key;
}

PayloadKeyId PayloadKey::id() const {
  PayloadKeyId id;
  crypto::hkdf_sha256(secret_.bytes(), {}, as_bytes(kIdUse), id);
  return id;
}

crypto::SecretKey PayloadKey::extent_key(ByteView salt) const {
  crypto::SecretKey key;
  crypto::hkdf_sha256(secret_.bytes(), salt, as_bytes(kExtentUse), key.writable());
  return key;
}

PayloadSeal::PayloadSeal(const PayloadKeyId& key_id, std::optional<PayloadKey> key)
    : key_id_{key_id}, key_{std::move(key)} {}

const PayloadKey& PayloadSeal::key() const {
  if (!key_)
    throw Error{Fault::denied,
                "the payload of this store is encrypted: give its key with --payload-key FILE "
                "or HART_PAYLOAD_KEY_FILE"};
  return *key_;
}

void set_payload_key(Connection& db, const PayloadKey& key, std::int64_t now_us) {
  db.prepare("INSERT INTO payload_key (only_row, key_id, created_us) VALUES (1, ?, ?)",
             Scope::owner)
      .run(ByteView{key.id()}, now_us);
}

std::unique_ptr<const PayloadSeal> find_payload_seal(Connection& db,
                                                     const std::string& key_file) {
  Statement find = db.prepare("SELECT key_id FROM payload_key", Scope::owner);
  if (!find.step()) return nullptr;
  const ByteView stored = find.blob(0);
  PayloadKeyId id;
  if (stored.size() != id.size())
    throw Error{Fault::data, "the store is damaged: the id of its payload key has " +
                                 std::to_string(stored.size()) + " bytes, not 16"};
  std::copy(stored.begin(), stored.end(), id.begin());
  std::optional<PayloadKey> key;
  if (!key_file.empty()) {
    key = PayloadKey::read(key_file);
    if (key->id() != id)
      throw Error{Fault::denied, key_file + ": the payload key " + to_hex(key->id()) +
                                     ", but this store's is " + to_hex(id)};
  }
  return std::make_unique<const PayloadSeal>(id, std::move(key));
}

}  // namespace hart::store
