#include "atom/identity.h"

#include <algorithm>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/sha256.h"

namespace hart::atom {
namespace {

constexpr std::uint8_t kDescriptorVersion = 1;
constexpr std::uint64_t kMaxCount = (std::uint64_t{1} << 48) - 1;
constexpr std::uint8_t kMetadataLeaf = 0;
constexpr std::uint8_t kTensorLeaf = 1;
constexpr std::uint8_t kFileLeaf = 2;

}  // namespace

std::string_view kind_name(Kind kind) noexcept {
  switch (kind) {
    case Kind::content:
      return "content";
    case Kind::tensor:
      return "tensor";
    case Kind::layer:
      return "layer";
    case Kind::model:
      return "model";
    case Kind::paragraph:
      return "paragraph";
    case Kind::document:
      return "document";
    case Kind::folder:
      return "folder";
  }
  return "unknown";
}

DescriptorBytes encode(const Descriptor& descriptor) {
  if (descriptor.count > kMaxCount)
    throw Error{Fault::data, "a structure of 2^48 or more parts"};
  DescriptorBytes bytes{};
  bytes[0] = static_cast<std::uint8_t>(descriptor.kind);
  bytes[1] = kDescriptorVersion;
  for (int i = 0; i < 6; ++i)
    bytes[2 + i] = static_cast<std::uint8_t>(descriptor.count >> (8 * i));
  std::copy(descriptor.root.begin(), descriptor.root.end(), bytes.begin() + 8);
  return bytes;
}

Descriptor decode_descriptor(ByteView bytes) {
  if (bytes.size() != kDescriptorBytes || bytes[1] != kDescriptorVersion ||
      bytes[0] > static_cast<std::uint8_t>(Kind::folder))
    throw Error{Fault::data, "not a descriptor of version 1"};
  Descriptor descriptor;
  descriptor.kind = static_cast<Kind>(bytes[0]);
  for (int i = 0; i < 6; ++i)
    descriptor.count |= static_cast<std::uint64_t>(bytes[2 + i]) << (8 * i);
  std::copy(bytes.begin() + 8, bytes.end(), descriptor.root.begin());
  return descriptor;
}

Id content_id(ByteView bytes) {
  return {IdSpace::content, crypto::sha256(bytes)};
}

Id structure_id(const Descriptor& descriptor) {
  if (descriptor.kind == Kind::content) return {IdSpace::content, descriptor.root};
  return {IdSpace::structure, crypto::sha256(encode(descriptor))};
}

Descriptor describe_tensor(tensor::DType dtype, std::span<const std::uint64_t> shape,
                           std::uint64_t bytes, const Hash256& block_root) {
  ByteBuffer body;
  append_le(body, static_cast<std::uint32_t>(dtype));
  append_le(body, static_cast<std::uint32_t>(shape.size()));
  for (const std::uint64_t dimension : shape) append_le(body, dimension);
  append_le(body, bytes);
  append(body, block_root);
  const std::uint64_t blocks = bytes / crypto::kBlockBytes + (bytes % crypto::kBlockBytes != 0);
  return {Kind::tensor, blocks, crypto::sha256(body)};
}

Descriptor describe_tensor(tensor::DType dtype, std::span<const std::uint64_t> shape,
                           std::uint64_t bytes, const crypto::MerkleBuilder& blocks) {
  return describe_tensor(dtype, shape, bytes, blocks.root());
}

void CompositeBuilder::add(const Id& child) {
  std::array<std::uint8_t, 33> leaf{};
  leaf[0] = static_cast<std::uint8_t>(child.space);
  std::copy(child.hash.begin(), child.hash.end(), leaf.begin() + 1);
  tree_.add_leaf_hash(crypto::leaf_hash(leaf));
}

Descriptor CompositeBuilder::describe() const {
  return {kind_, tree_.size(), tree_.root()};
}

void FolderBuilder::add(std::string_view path, const Hash256& content) {
  ByteBuffer leaf{kFileLeaf};
  append_le(leaf, static_cast<std::uint32_t>(path.size()));
  append(leaf, as_bytes(path));
  append(leaf, content);
  tree_.add_leaf_hash(crypto::leaf_hash(leaf));
}

Descriptor FolderBuilder::describe() const {
  return {Kind::folder, tree_.size(), tree_.root()};
}

NamedTensorsBuilder::NamedTensorsBuilder(ByteView canonical_metadata) : kind_{Kind::model} {
  ByteBuffer leaf{kMetadataLeaf};
  append(leaf, crypto::sha256(canonical_metadata));
  tree_.add_leaf_hash(crypto::leaf_hash(leaf));
}

void NamedTensorsBuilder::add(std::string_view name, const Id& tensor) {
  ByteBuffer leaf{kTensorLeaf};
  append_le(leaf, static_cast<std::uint32_t>(name.size()));
  append(leaf, as_bytes(name));
  append(leaf, tensor.hash);
  tree_.add_leaf_hash(crypto::leaf_hash(leaf));
  ++tensors_;
}

Descriptor NamedTensorsBuilder::describe() const {
  return {kind_, tensors_, tree_.root()};
}

}  // namespace hart::atom
