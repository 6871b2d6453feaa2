#include "atom/identity.h"

#include <doctest/doctest.h>

#include <fstream>

#include "atom/model_view.h"
#include "core/json.h"
#include "fixture.h"
#include "formats/text.h"

namespace hart::atom {
namespace {

/// Made by tests/data/make_identity_vectors.py, which shares no code with the library.
Json vectors() {
  std::ifstream in{std::string{HART_TEST_DATA} + "/identity-vectors.json"};
  return Json::parse(in);
}

std::string text_of(const Json& value) {
  return value.get<std::string>();
}

ByteBuffer repeated(const Json& vector) {
  const ByteBuffer once = from_hex(text_of(vector.at("hex")));
  ByteBuffer bytes;
  for (int i = vector.at("repeat").get<int>(); i > 0; --i) append(bytes, once);
  return bytes;
}

crypto::MerkleBuilder blocks_of(ByteView bytes) {
  crypto::MerkleBuilder blocks;
  for (std::size_t at = 0; at < bytes.size(); at += crypto::kBlockBytes)
    blocks.add_leaf_hash(
        crypto::leaf_hash(bytes.subspan(at, std::min(crypto::kBlockBytes, bytes.size() - at))));
  return blocks;
}

TEST_CASE("identity: content ids are those of the vectors") {
  const auto document = vectors();
  for (const Json& vector : document.at("content"))
    CHECK(content_id(from_hex(text_of(vector.at("hex")))).text() == text_of(vector.at("id")));
}

TEST_CASE("identity: tensor descriptors and ids are those of the vectors") {
  const Json tensors = vectors().at("tensors");
  CHECK(tensors.size() > 3);
  for (const Json& vector : tensors) {
    const ByteBuffer bytes = repeated(vector);
    const auto shape = vector.at("shape").get<std::vector<std::uint64_t>>();
    const Descriptor descriptor =
        describe_tensor(static_cast<tensor::DType>(vector.at("dtype").get<int>()), shape,
                        bytes.size(), blocks_of(bytes));
    CHECK(to_hex(encode(descriptor)) == text_of(vector.at("descriptor")));
    CHECK(structure_id(descriptor).text() == text_of(vector.at("id")));
  }
}

TEST_CASE("identity: layer and model descriptors and ids are those of the vectors") {
  const Json all = vectors();
  for (const Json& vector : all.at("layers")) {
    NamedTensorsBuilder builder;
    for (const Json& tensor : vector.at("tensors"))
      builder.add(text_of(tensor.at("name")), parse_id(text_of(tensor.at("tensor"))));
    CHECK(to_hex(encode(builder.describe())) == text_of(vector.at("descriptor")));
    CHECK(structure_id(builder.describe()).text() == text_of(vector.at("id")));
  }
  for (const Json& vector : all.at("models")) {
    NamedTensorsBuilder builder{from_hex(text_of(vector.at("canonical_metadata")))};
    for (const Json& tensor : vector.at("tensors"))
      builder.add(text_of(tensor.at("name")), parse_id(text_of(tensor.at("tensor"))));
    CHECK(to_hex(encode(builder.describe())) == text_of(vector.at("descriptor")));
    CHECK(structure_id(builder.describe()).text() == text_of(vector.at("id")));
  }
}

TEST_CASE("identity: texts that are atomized get the ids of the vectors") {
  const auto document = vectors();
  for (const Json& vector : document.at("documents")) {
    const test::ScratchStore scratch{kCatalogOnly};
    store::Store store = scratch.open();
    const Atomized added = add_text(store, "doc", text_of(vector.at("text")));
    CAPTURE(vector.at("text").dump());
    CHECK(added.atom.text() == text_of(vector.at("content")));
    REQUIRE(added.structure);
    CHECK(added.structure->text() == text_of(vector.at("id")));
    const auto structure = store::find_atom(store, *added.structure);
    REQUIRE(structure);
    CHECK(to_hex(structure->value) == text_of(vector.at("descriptor")));
  }
}

TEST_CASE("descriptor: what is encoded is decoded, up to the largest count") {
  for (const std::uint64_t count :
       {std::uint64_t{0}, std::uint64_t{1}, (std::uint64_t{1} << 48) - 1})
    for (const Kind kind : {Kind::content, Kind::tensor, Kind::layer, Kind::model,
                            Kind::paragraph, Kind::document}) {
      const Descriptor descriptor{kind, count, content_id(as_bytes("root")).hash};
      const Descriptor decoded = decode_descriptor(encode(descriptor));
      CHECK(decoded.kind == kind);
      CHECK(decoded.count == count);
      CHECK(decoded.root == descriptor.root);
    }
  CHECK(fault_of([] {
          (void)encode({Kind::content, std::uint64_t{1} << 48, {}});
        }) == Fault::data);
}

TEST_CASE("descriptor: another length, version or kind is refused") {
  const DescriptorBytes good = encode({Kind::model, 3, {}});
  const auto refused = [](ByteView bytes) {
    return fault_of([&] { (void)decode_descriptor(bytes); }) == Fault::data;
  };
  CHECK_FALSE(refused(good));
  CHECK(refused(ByteView{good}.first(39)));
  CHECK(refused({}));
  ByteBuffer longer{good.begin(), good.end()};
  longer.push_back(0);
  CHECK(refused(longer));
  DescriptorBytes other = good;
  other[1] = 2;
  CHECK(refused(other));
  other = good;
  other[0] = 7;
  CHECK(refused(other));
}

TEST_CASE("identity: a content descriptor's id is its root, a structure's is its hash") {
  const Id content = content_id(as_bytes("some bytes"));
  CHECK(structure_id({Kind::content, 10, content.hash}) == content);
  const Descriptor document{Kind::document, 10, content.hash};
  CHECK(structure_id(document).space == IdSpace::structure);
  CHECK(structure_id(document).hash == content_id(encode(document)).hash);
}

TEST_CASE("identity: a tensor's dtype, shape and bytes each change its id") {
  const ByteBuffer bytes(16, 1);
  const ByteBuffer other_bytes(16, 2);
  const auto id = [](tensor::DType dtype, std::vector<std::uint64_t> shape, ByteView data) {
    return structure_id(describe_tensor(dtype, shape, data.size(), blocks_of(data)));
  };
  const Id base = id(tensor::DType::f32, {4}, bytes);
  CHECK(id(tensor::DType::f32, {4}, bytes) == base);
  CHECK(id(tensor::DType::f32, {2, 2}, bytes) != base);
  CHECK(id(tensor::DType::f32, {4, 1}, bytes) != base);
  CHECK(id(tensor::DType::f16, {8}, bytes) != base);
  CHECK(id(tensor::DType::f32, {4}, other_bytes) != base);
}

TEST_CASE("layer: a tensor's layer is its name up to the first number that is a component") {
  CHECK(layer_of("blk.0.attn_q.weight") == "blk.0");
  CHECK(layer_of("model.layers.11.mlp.up_proj.weight") == "model.layers.11");
  CHECK(layer_of("encoder.0.block.1.w") == "encoder.0");
  for (const char* none :
       {"", "token_embd.weight", "output", "blk.0", "blk.0a.w", "blk..w", "."})
    CHECK(layer_of(none) == "");
}

}  // namespace
}  // namespace hart::atom
