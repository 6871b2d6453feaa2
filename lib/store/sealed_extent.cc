#include "store/sealed_extent.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/endian.h"
#include "core/error.h"
#include "core/uuid.h"

namespace hart::store {
namespace {

constexpr std::size_t kSealedSegmentBytes = kSealSegmentBytes + crypto::kGcmTagBytes;

/// STREAM's nonce: which segment it is, and whether it is the last.
crypto::GcmNonce segment_nonce(std::uint64_t segment, bool last) noexcept {
  crypto::GcmNonce nonce{};
  store_le(nonce.data(), segment);
  nonce.back() = last ? 1 : 0;
  return nonce;
}

std::array<std::uint8_t, kSealSaltBytes> random_salt() {
  std::array<std::uint8_t, kSealSaltBytes> salt;
  random_bytes(salt.data(), salt.size());
  return salt;
}

/// The salt that sealed bytes begin with.
ByteView salt_of(const ExtentRecord& extent, ByteView stored) {
  const std::size_t tail = stored.size() < kSealSaltBytes
                               ? 0
                               : (stored.size() - kSealSaltBytes) % kSealedSegmentBytes;
  if (stored.size() <= kSealSaltBytes || (tail > 0 && tail <= crypto::kGcmTagBytes))
    throw Error{Fault::data, "extent " + std::to_string(extent.extent_id) + ": " +
                                 std::to_string(stored.size()) +
                                 " bytes are not those of a sealed extent"};
  return stored.first(kSealSaltBytes);
}

}  // namespace

std::array<std::uint8_t, kSealBindingBytes> seal_binding(const ExtentRecord& extent,
                                                         const ExtentRecord* base) noexcept {
  std::array<std::uint8_t, kSealBindingBytes> binding{};
  store_le(binding.data(), static_cast<std::uint16_t>(extent.codec));
  store_le(binding.data() + 2, static_cast<std::uint16_t>(extent.hash_kind));
  store_le(binding.data() + 8, extent.decoded_bytes);
  std::copy(extent.hash.begin(), extent.hash.end(), binding.begin() + 24);
  if (base == nullptr) return binding;
  store_le(binding.data() + 4, static_cast<std::uint16_t>(base->hash_kind));
  store_le(binding.data() + 16, extent.base_offset);
  std::copy(base->hash.begin(), base->hash.end(), binding.begin() + 56);
  return binding;
}

std::uint64_t sealed_bytes(std::uint64_t plain) noexcept {
  const std::uint64_t segments = (plain + kSealSegmentBytes - 1) / kSealSegmentBytes;
  return kSealSaltBytes + plain + segments * crypto::kGcmTagBytes;
}

ByteView sealed_range(ByteView stored, std::uint64_t offset, std::uint64_t size) noexcept {
  const std::uint64_t first = offset / kSealSegmentBytes;
  const std::uint64_t end = (offset + size + kSealSegmentBytes - 1) / kSealSegmentBytes;
  const std::uint64_t from =
      std::min<std::uint64_t>(kSealSaltBytes + first * kSealedSegmentBytes, stored.size());
  const std::uint64_t to =
      std::min<std::uint64_t>(kSealSaltBytes + end * kSealedSegmentBytes, stored.size());
  return stored.subspan(from, to - from);
}

ExtentSealer::ExtentSealer(const PayloadKey& key, const ExtentRecord& what,
                           const ExtentRecord* base, Packs::Pieces next)
    : ExtentSealer{key, random_salt(), what, base, std::move(next)} {}

ExtentSealer::ExtentSealer(const PayloadKey& key,
                           const std::array<std::uint8_t, kSealSaltBytes>& salt,
                           const ExtentRecord& what, const ExtentRecord* base,
                           Packs::Pieces next)
    : salt_{salt},
      binding_{seal_binding(what, base)},
      cipher_{key.extent_key(salt).bytes()},
      next_{std::move(next)} {}

ByteView ExtentSealer::next() {
  out_.clear();
  const bool first = segment_ == 0 && held_.empty() && !ended_;
  if (first) out_.assign(salt_.begin(), salt_.end());
  const std::size_t nothing_yet = out_.size();
  while (!ended_ && out_.size() == nothing_yet) {
    const ByteView piece = next_();
    if (!piece.empty()) {
      take(piece);
      continue;
    }
    if (held_.empty()) throw Error{Fault::internal, "nothing cannot be sealed"};
    seal_segment(held_, true);
    ended_ = true;
  }
  return out_;
}

/// The last segment is known only at the end, so up to 64 KiB are held back.
void ExtentSealer::take(ByteView piece) {
  out_.reserve(out_.size() + (piece.size() / kSealSegmentBytes + 1) * kSealedSegmentBytes);
  if (!held_.empty()) {
    const std::size_t count = std::min(kSealSegmentBytes - held_.size(), piece.size());
    const ByteView rest = piece.first(count);
    held_.insert(held_.end(), rest.begin(), rest.end());
    piece = piece.subspan(count);
    if (piece.empty()) return;
    seal_segment(held_, false);
    held_.clear();
  }
  for (; piece.size() > kSealSegmentBytes; piece = piece.subspan(kSealSegmentBytes))
    seal_segment(piece.first(kSealSegmentBytes), false);
  held_.assign(piece.begin(), piece.end());
}

void ExtentSealer::seal_segment(ByteView plain, bool last) {
  const std::size_t at = out_.size();
  out_.resize(at + plain.size() + crypto::kGcmTagBytes);
  cipher_.seal(segment_nonce(segment_++, last), binding_, plain, std::span{out_}.subspan(at));
}

SealedExtent::SealedExtent(const PayloadKey& key, const ExtentRecord& extent,
                           const ExtentRecord* base, ByteView stored)
    : binding_{seal_binding(extent, base)},
      cipher_{key.extent_key(salt_of(extent, stored)).bytes()},
      segments_{stored.subspan(kSealSaltBytes)},
      count_{(segments_.size() + kSealedSegmentBytes - 1) / kSealedSegmentBytes} {
  size_ = segments_.size() - count_ * crypto::kGcmTagBytes;
}

void SealedExtent::open(std::uint64_t offset, std::span<std::uint8_t> out) {
  if (offset > size_ || out.size() > size_ - offset)
    throw Error{Fault::data, "a sealed extent is shorter than what is asked of it"};
  while (!out.empty()) {
    const std::uint64_t segment = offset / kSealSegmentBytes;
    const std::uint64_t start = segment * kSealSegmentBytes;
    const std::uint64_t length = std::min<std::uint64_t>(kSealSegmentBytes, size_ - start);
    const std::uint64_t count = std::min<std::uint64_t>(length - (offset - start), out.size());
    if (count == length) {
      open_segment(segment, out.first(count));
    } else {
      part_.resize(length);
      open_segment(segment, part_);
      std::copy_n(part_.begin() + static_cast<std::ptrdiff_t>(offset - start), count,
                  out.begin());
    }
    offset += count;
    out = out.subspan(count);
  }
}

void SealedExtent::open_segment(std::uint64_t segment, std::span<std::uint8_t> out) {
  const ByteView sealed =
      segments_.subspan(segment * kSealedSegmentBytes, out.size() + crypto::kGcmTagBytes);
  if (!cipher_.open(segment_nonce(segment, segment + 1 == count_), binding_, sealed, out))
    throw Error{Fault::data, "segment " + std::to_string(segment) +
                                 " is damaged: it is not what was sealed here"};
}

}  // namespace hart::store
