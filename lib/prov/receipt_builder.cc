#include <algorithm>
#include <array>
#include <cassert>

#include "core/endian.h"
#include "prov/receipt.h"
#include "prov/receipt_format.h"

namespace hart::prov {
namespace {

/// Salts are drawn from the kernel many at a time: a call costs more than the 32 bytes.
class SaltPool {
 public:
  Hash256 draw() {
    if (next_ == salts_.size()) {
      random_bytes(salts_[0].data(), sizeof salts_);
      next_ = 0;
    }
    // What was handed out must not lie about: it is erased with its opening.
    Hash256 salt{};
    std::swap(salt, salts_[next_++]);
    return salt;
  }

 private:
  std::array<Hash256, 64> salts_{};
  std::size_t next_ = salts_.size();
};

SaltPool& salts_of_this_thread() {
  thread_local SaltPool pool;
  return pool;
}

}  // namespace

Hash256 commitment(Tag tag, const Hash256& salt, ByteView content) {
  ByteBuffer message;
  message.reserve(2 + content.size());
  append_le(message, static_cast<std::uint16_t>(tag));
  hart::append(message, content);
  return crypto::hmac_sha256(salt, message);
}

ReceiptBuilder::ReceiptBuilder() {
  bytes_.reserve(1024);
  append(bytes_, kReceiptMagic);
  append_le(bytes_, kReceiptVersion);
}

void ReceiptBuilder::begin_segment(Tag tag, std::size_t size) {
  assert(size <= UINT32_MAX);
  append_le(bytes_, static_cast<std::uint16_t>(tag));
  append_le(bytes_, static_cast<std::uint32_t>(size));
  ++segments_;
}

void ReceiptBuilder::add(Tag tag, ByteView value) {
  begin_segment(tag, value.size());
  append(bytes_, value);
}

void ReceiptBuilder::commit(Tag tag, ByteBuffer content, ByteView prefix) {
  Opening opening{segments_, salts_of_this_thread().draw(), std::move(content)};
  begin_segment(tag, prefix.size() + sizeof(Hash256));
  append(bytes_, prefix);
  append(bytes_, commitment(tag, opening.salt, opening.content));
  openings_.push_back(std::move(opening));
}

ReceiptBuilder::Finished ReceiptBuilder::finish(const Hash256& previous) {
  add(Tag::previous, previous);
  const Hash256 hash = crypto::sha256(bytes_);
  return {std::move(bytes_), hash, std::move(openings_)};
}

}  // namespace hart::prov
