#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/id.h"
#include "crypto/merkle.h"
#include "tensor/dtype.h"

namespace hart::atom {

/// What a descriptor describes. Numbers are never used again (`hart-store.5`).
enum class Kind : std::uint8_t {
  content = 0,  ///< bytes too many for an atom's value
  tensor = 1,
  layer = 2,
  model = 3,
  paragraph = 4,
  document = 5,
  folder = 6,  ///< a model that is a folder of files
};
[[nodiscard]] std::string_view kind_name(Kind kind) noexcept;

/// The 40 bytes that stand for something larger than an atom's value:
/// kind (1), version (1) = 1, count (6, little-endian), root (32).
struct Descriptor {
  Kind kind = Kind::content;
  std::uint64_t count =
      0;  ///< below 2^48: bytes, blocks, tensors or children, as the kind says
  Hash256 root{};
};

inline constexpr std::size_t kDescriptorBytes = 40;
using DescriptorBytes = std::array<std::uint8_t, kDescriptorBytes>;

/// Throws Error(data) on a count of 2^48 or more.
[[nodiscard]] DescriptorBytes encode(const Descriptor& descriptor);
/// Throws Error(data) on another length, version or kind.
[[nodiscard]] Descriptor decode_descriptor(ByteView bytes);

/// The id of bytes: their SHA-256.
[[nodiscard]] Id content_id(ByteView bytes);
/// The id of a structure: SHA-256 of its descriptor. A content descriptor's id is its root.
[[nodiscard]] Id structure_id(const Descriptor& descriptor);

/// A tensor commits to its dtype, its shape and its source bytes, not to its name.
/// `blocks` is the RFC 9162 tree over consecutive 64 KiB blocks of the bytes.
[[nodiscard]] Descriptor describe_tensor(tensor::DType dtype,
                                         std::span<const std::uint64_t> shape,
                                         std::uint64_t bytes,
                                         const crypto::MerkleBuilder& blocks);
/// The same where only that tree's root is at hand.
[[nodiscard]] Descriptor describe_tensor(tensor::DType dtype,
                                         std::span<const std::uint64_t> shape,
                                         std::uint64_t bytes, const Hash256& block_root);

/// Ordered composites: the RFC 9162 tree over their children's ids. Each leaf is the child's
/// space (1 byte) and digest (32).
class CompositeBuilder {
 public:
  explicit CompositeBuilder(Kind kind) : kind_{kind} {}
  void add(const Id& child);
  [[nodiscard]] Descriptor describe() const;

 private:
  Kind kind_;
  crypto::MerkleBuilder tree_;
};

/// A folder: the RFC 9162 tree over its files in the order of their paths (by bytes). A leaf is
/// 0x02, the path's length (u32), the path with '/' between components, the SHA-256 of the
/// file's bytes. The count is the number of files.
class FolderBuilder {
 public:
  void add(std::string_view path, const Hash256& content);
  [[nodiscard]] Descriptor describe() const;

 private:
  crypto::MerkleBuilder tree_;
};

/// Layers and models: the RFC 9162 tree over named tensors, in their order. A leaf is 0x01, the
/// name's length (u32), the name, the tensor's digest. A model's first leaf is 0x00 and the
/// SHA-256 of its canonical metadata, which the count leaves out.
class NamedTensorsBuilder {
 public:
  /// A layer.
  NamedTensorsBuilder() : kind_{Kind::layer} {}
  /// A model with this metadata (`canonical_metadata`).
  explicit NamedTensorsBuilder(ByteView canonical_metadata);
  void add(std::string_view name, const Id& tensor);
  [[nodiscard]] Descriptor describe() const;

 private:
  Kind kind_;
  std::uint64_t tensors_ = 0;
  crypto::MerkleBuilder tree_;
};

}  // namespace hart::atom
