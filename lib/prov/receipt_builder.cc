#include <cassert>

#include "core/endian.h"
#include "prov/receipt.h"
#include "prov/receipt_format.h"

namespace hart::prov {

Hash256 commitment(Tag tag, const Hash256& salt, ByteView content) {
  ByteBuffer message;
  message.reserve(2 + content.size());
  append_le(message, static_cast<std::uint16_t>(tag));
  hart::append(message, content);
  return crypto::hmac_sha256(salt, message);
}

ReceiptBuilder::ReceiptBuilder() {
  ByteBuffer header{kReceiptMagic.begin(), kReceiptMagic.end()};
  append_le(header, kReceiptVersion);
  append(header);
}

void ReceiptBuilder::append(ByteView bytes) {
  hart::append(bytes_, bytes);
  running_.update(bytes);
}

void ReceiptBuilder::add(Tag tag, ByteView value) {
  assert(value.size() <= UINT32_MAX);
  ByteBuffer segment;
  segment.reserve(kSegmentHeaderBytes + value.size());
  append_le(segment, static_cast<std::uint16_t>(tag));
  append_le(segment, static_cast<std::uint32_t>(value.size()));
  hart::append(segment, value);
  append(segment);
  ++segments_;
}

void ReceiptBuilder::commit(Tag tag, ByteBuffer content, ByteView prefix) {
  Opening opening{segments_, {}, std::move(content)};
  random_bytes(opening.salt.data(), opening.salt.size());
  ByteBuffer value{prefix.begin(), prefix.end()};
  hart::append(value, commitment(tag, opening.salt, opening.content));
  add(tag, value);
  openings_.push_back(std::move(opening));
}

ReceiptBuilder::Finished ReceiptBuilder::finish(const Hash256& previous) {
  add(Tag::previous, previous);
  return {std::move(bytes_), running_.finish(), std::move(openings_)};
}

}  // namespace hart::prov
