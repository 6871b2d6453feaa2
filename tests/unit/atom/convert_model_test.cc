#include "atom/convert_model.h"

#include <doctest/doctest.h>

#include "atom/model_view.h"
#include "convert_fixture.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;
using formats::GgufWriter;
using formats::WeightFormat;
using tensor::DType;

TEST_CASE("export: a tensor of every type comes back bit for bit, in either byte order") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  for (const auto order : {formats::ByteOrder::little, formats::ByteOrder::big}) {
    const EveryType model{order};
    add(store, "gguf", model.file);
    CHECK(exported(store, "gguf") == model.file);
  }
  std::vector<formats::SafetensorsTensor> described;
  ByteBuffer data;
  for (const tensor::DTypeInfo& info : tensor::dtypes()) {
    if (!formats::is_safetensors_dtype(info.dtype)) continue;
    described.push_back({std::string{info.name}, info.dtype, {256, 3}, 0, 0});
    append(data, random_blocks(info.dtype, 768 * info.block_bytes, 3));
  }
  CHECK(described.size() > 12);
  ByteBuffer file = formats::write_safetensors_header(described);
  append(file, data);
  add(store, "safetensors", file);
  CHECK(exported(store, "safetensors") == file);
}

TEST_CASE("convert: GGUF of plain types becomes SafeTensors and is the same model again") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const EveryType model{formats::ByteOrder::little, true};
  const Atomized original = add(store, "gguf", model.file);
  const Atomized other = add(store, "safetensors", converted(store, "gguf", kToSafetensors));
  CHECK(other.subtype == "safetensors");
  CHECK(other.structure != original.structure);
  const ByteBuffer back = converted(store, "safetensors", kToGguf);
  CHECK(add(store, "back", back).structure == original.structure);
  CHECK(back == model.file);
}

TEST_CASE("convert: metadata without an architecture and an empty model survive both ways") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  for (const bool has_entry : {false, true}) {
    GgufWriter writer;
    if (has_entry) writer.add_u32("other", 3);
    const ByteBuffer file = typed_gguf({}, writer);
    add(store, "gguf", file);
    add(store, "safetensors", converted(store, "gguf", kToSafetensors));
    CHECK(converted(store, "safetensors", kToGguf) == file);
  }
}

TEST_CASE("convert: block types become exactly the values that they stand for") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const EveryType model;
  add(store, "gguf", model.file);
  const ByteBuffer file = converted(store, "gguf", kToSafetensors);
  const ModelView view = view_model(formats::FileFormat::safetensors, file, file.size());
  CHECK(view.tensors.size() == model.data.size());
  const CatalogModel stored = catalog_model(store, "gguf");
  for (const ModelTensor& tensor : view.tensors) {
    CAPTURE(tensor.name);
    const CatalogTensor& source = tensor_named(stored, tensor.name);
    const ByteView bytes = ByteView{file}.subspan(tensor.offset, tensor.bytes);
    ByteBuffer expected = model.data.at(tensor.name);
    if (!formats::is_safetensors_dtype(source.dtype)) {
      CHECK(tensor.dtype == DType::f32);
      std::vector<float> values(source.elements());
      tensor::dequantize_row(source.dtype, expected, values);
      expected.clear();
      for (const float value : values) append_le(expected, value);
    } else {
      CHECK(tensor.dtype == source.dtype);
    }
    CHECK(std::equal(bytes.begin(), bytes.end(), expected.begin(), expected.end()));
  }
  const formats::SafetensorsHeader header = formats::parse_safetensors(file, file.size());
  const std::map<std::string, std::string> metadata{header.metadata.begin(),
                                                    header.metadata.end()};
  // The values are F32 now, whatever they came from.
  CHECK(metadata.at("general.file_type") == R"({"type":"u32","value":0})");
}

TEST_CASE("convert: big-endian GGUF becomes the little-endian file of the same values") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const EveryType big{formats::ByteOrder::big};
  const EveryType little;
  REQUIRE(big.file != little.file);
  add(store, "big", big.file);
  CHECK(converted(store, "big", kToGguf) == little.file);
  add(store, "little", little.file);
  CHECK(converted(store, "big", kToSafetensors) == converted(store, "little", kToSafetensors));
  CHECK(converted(store, "little", kToGguf) == little.file);
}

TEST_CASE("convert: the result does not depend on the number of threads") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  // Three runs of 2^19 elements, the last one cut.
  const std::size_t count = 256 * 5000;
  add(store, "gguf",
      typed_gguf({{"a.weight", DType::f32, {256, 5000}, random_values(count, 1)}}));
  const ConversionOptions options{WeightFormat::gguf, DType::q8_0, DType::f32, {}};
  const ByteBuffer one = converted(store, "gguf", options, 1);
  CHECK(converted(store, "gguf", options, 4) == one);
  const ModelView view = view_model(formats::FileFormat::gguf, one, one.size());
  const ByteBuffer expected =
      TypedTensor{"", DType::q8_0, {256, 5000}, random_values(count, 1)}.bytes();
  CHECK(std::equal(expected.begin(), expected.end(),
                   one.begin() + static_cast<std::ptrdiff_t>(view.tensors[0].offset)));
}

TEST_CASE("convert: --dtype refuses values beyond f16 instead of making them infinite") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  std::vector<float> values(32, 1.0F);
  values[5] = 100'000;
  // bf16 is no block type; q8_0's scale of 787 is a half, its product with 127 is not.
  add(store, "gguf", typed_gguf({{"a.weight", DType::q8_0, {32, 1}, values}}));
  ConversionOptions options = kToSafetensors;
  options.plain = DType::bf16;
  CHECK(converted(store, "gguf", options).size() > 64);
  options.plain = DType::f16;
  CHECK(fault_of([&] { static_cast<void>(converted(store, "gguf", options)); }) == Fault::data);
}

TEST_CASE("convert: shards hold what they may, are one model again, and keep the order") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const EveryType model{formats::ByteOrder::little, true};
  const Atomized original = add(store, "gguf", model.file);
  ConversionOptions options = kToSafetensors;
  options.max_shard_bytes = 8000;
  const CatalogModel source = catalog_model(store, "gguf");
  const ModelConversion plan = plan_conversion(store, source, options);
  CHECK(plan.is_folder);
  REQUIRE(plan.files.size() > 2);
  const fs::path root = beside(scratch, "shards");
  const ConversionTotals totals =
      write_conversion(store, plan, root.string() + "/", 2, [](std::uint64_t) {});
  CHECK(totals.changed_tensors == 0);
  CHECK(totals.tensors == model.data.size());
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator{root}) bytes += entry.file_size();
  CHECK(bytes == totals.bytes);
  add_folder(store, root, "folder");
  CHECK(add(store, "back", converted(store, "folder", kToGguf)).structure ==
        original.structure);
  // Nothing is overwritten.
  CHECK(fault_of([&] {
          write_conversion(store, plan, root.string(), 1, [](std::uint64_t) {});
        }) == Fault::cannot_create);
}

TEST_CASE("convert: a damaged source leaves the target as it was") {
  const test::ScratchStore scratch{kCatalogOnly};
  const fs::path target = beside(scratch, "target.gguf");
  write_file(target, as_bytes("before"));
  {
    store::Store store = scratch.open();
    add(store, "gguf",
        typed_gguf({{"a.weight", DType::q8_0, {256, 64}, random_values(256 * 64, 1)}}));
  }
  // A bit of the only pack's last 4 KiB, which hold weights.
  for (const auto& pack : fs::directory_iterator{fs::path{scratch.directory()} / "packs"}) {
    ByteBuffer bytes = read_file(pack.path());
    REQUIRE(bytes.size() > 8192);
    bytes[bytes.size() - 4096] ^= 1;
    write_file(pack.path(), bytes);
  }
  store::Store store = scratch.open();
  const CatalogModel source = catalog_model(store, "gguf");
  for (const ConversionOptions& options : {kToGguf, kToSafetensors}) {
    const ModelConversion plan = plan_conversion(store, source, options);
    CHECK(fault_of([&] {
            write_conversion(store, plan, target.string(), 1, [](std::uint64_t) {});
          }) == Fault::data);
    CHECK(as_text(read_file(target)) == "before");
  }
  CHECK(std::distance(fs::directory_iterator{target.parent_path()}, {}) == 2);
}

TEST_CASE("convert: options that do not go together are refused") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add(store, "m", typed_gguf({{"a", DType::f32, {2}, {1, 2}}}));
  const ConversionOptions refused[] = {{WeightFormat::gguf, {}, DType::f32, 100},
                                       {WeightFormat::safetensors, DType::q8_0, DType::f32, {}},
                                       {WeightFormat::gguf, DType::q8_k, DType::f32, {}},
                                       {WeightFormat::safetensors, {}, DType::q8_0, {}},
                                       {WeightFormat::safetensors, {}, DType::f32, 0}};
  for (const ConversionOptions& options : refused)
    CHECK(fault_of([&] { static_cast<void>(converted(store, "m", options)); }) == Fault::usage);
}

TEST_CASE("block hasher: pieces of any size give the root of the whole") {
  const ByteBuffer bytes = random_blocks(DType::u8, 3 * crypto::kBlockBytes + 17, 9);
  for (const std::size_t piece : {std::size_t{1000}, crypto::kBlockBytes - 1,
                                  crypto::kBlockBytes, crypto::kBlockBytes + 1, bytes.size()}) {
    CAPTURE(piece);
    BlockHasher hasher;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      hasher.update(ByteView{bytes}.subspan(at, std::min(piece, bytes.size() - at)));
    CHECK(hasher.finish().root() == crypto::block_root(bytes));
  }
  CHECK(BlockHasher{}.finish().root() == crypto::empty_root());
}

}  // namespace
}  // namespace hart::atom
