#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>

#include "core/bytes.h"
#include "crypto/aes_gcm.h"
#include "store/packs.h"
#include "store/payload_key.h"

namespace hart::store {

// The stored bytes of an extent in a store whose payload is encrypted: 32 random bytes, the
// salt, and then what would be stored otherwise in segments of 64 KiB, the last one of 1 byte
// to 64 KiB, each encrypted with AES-256-GCM and followed by its tag. The construction is
// STREAM (Hoang, Reyhanitabar, Rogaway, Vizar: Online Authenticated-Encryption and its
// Nonce-Reuse Misuse-Resistance, CRYPTO 2015) under a key of the extent's own, so any segment
// is read alone, and one that is changed, moved, missing or another extent's is found. Nothing
// depends on the place in the packs.

inline constexpr std::size_t kSealSaltBytes = 32;
inline constexpr std::size_t kSealSegmentBytes = 65'536;  ///< of plaintext
inline constexpr std::size_t kSealBindingBytes = 88;

/// What the segments of an extent are authenticated together with, little-endian: codec (u16),
/// hash kind (u16), hash kind of the base (u16), zero (u16), decoded bytes (u64), base offset
/// (u64), digest (32), digest of the base (32); those of the base are zero without one.
[[nodiscard]] std::array<std::uint8_t, kSealBindingBytes> seal_binding(
    const ExtentRecord& extent, const ExtentRecord* base) noexcept;

/// Bytes that `plain` bytes take when sealed.
[[nodiscard]] std::uint64_t sealed_bytes(std::uint64_t plain) noexcept;

/// The sealed bytes from which bytes [offset, offset + size) of the plaintext are opened: whole
/// segments, as far as they exist.
[[nodiscard]] ByteView sealed_range(ByteView stored, std::uint64_t offset,
                                    std::uint64_t size) noexcept;

/// Seals stored bytes that come in pieces. Memory: as much as the largest piece.
class ExtentSealer {
 public:
  /// `what` says digest, hash kind, decoded size, codec and base offset; `base` is given where
  /// the codec has one. The salt is random.
  ExtentSealer(const PayloadKey& key, const ExtentRecord& what, const ExtentRecord* base,
               Packs::Pieces next);
  /// The same with a salt of the caller's, for the tests of the format: a salt serves one
  /// extent only.
  ExtentSealer(const PayloadKey& key, const std::array<std::uint8_t, kSealSaltBytes>& salt,
               const ExtentRecord& what, const ExtentRecord* base, Packs::Pieces next);

  /// The next of the sealed bytes, valid until the next call; empty at the end.
  [[nodiscard]] ByteView next();

 private:
  void take(ByteView piece);
  void seal_segment(ByteView plain, bool last);

  std::array<std::uint8_t, kSealSaltBytes> salt_;
  std::array<std::uint8_t, kSealBindingBytes> binding_;
  crypto::GcmSealer cipher_;
  Packs::Pieces next_;
  ByteBuffer held_;  ///< plaintext that may be the last segment
  ByteBuffer out_;
  std::uint64_t segment_ = 0;
  bool ended_ = false;
};

/// Opens sealed stored bytes, any part of them. One thread at a time.
class SealedExtent {
 public:
  /// `stored` must stay where it is. Throws Error(data) when its size is that of no sealed
  /// extent.
  SealedExtent(const PayloadKey& key, const ExtentRecord& extent, const ExtentRecord* base,
               ByteView stored);

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Bytes [offset, offset + out.size()) of the plaintext, which must exist. Throws Error(data)
  /// when a segment that they are in is not what was sealed.
  void open(std::uint64_t offset, std::span<std::uint8_t> out);

 private:
  void open_segment(std::uint64_t segment, std::span<std::uint8_t> out);

  std::array<std::uint8_t, kSealBindingBytes> binding_;
  crypto::GcmOpener cipher_;
  ByteView segments_;
  std::uint64_t size_ = 0;
  std::uint64_t count_ = 0;  ///< of segments
  ByteBuffer part_;          ///< a segment of which only a part is wanted
};

}  // namespace hart::store
