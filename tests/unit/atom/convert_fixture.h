#pragma once

#include <filesystem>
#include <fstream>
#include <map>

#include "atom/convert_model.h"
#include "formats/gguf_endian.h"
#include "model_fixture.h"

namespace hart::atom {

inline constexpr ConversionOptions kToGguf{
    formats::WeightFormat::gguf, {}, tensor::DType::f32, {}};
inline constexpr ConversionOptions kToSafetensors{
    formats::WeightFormat::safetensors, {}, tensor::DType::f32, {}};

inline std::filesystem::path beside(const test::ScratchStore& scratch,
                                    const std::string& name) {
  return std::filesystem::path{scratch.directory()}.parent_path() / name;
}

inline ByteBuffer read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_file(const std::filesystem::path& path, ByteView bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream{path, std::ios::binary} << as_text(bytes);
}

/// The file that a stored model becomes.
inline ByteBuffer converted(store::Store& store, const std::string& name,
                            const ConversionOptions& options, unsigned threads = 1) {
  const CatalogModel model = catalog_model(store, name);
  const ModelConversion conversion = plan_conversion(store, model, options);
  ByteBuffer file;
  std::uint64_t read = 0;
  const ConversionTotals totals = stream_conversion(
      store, conversion, threads, [&](ByteView bytes) { append(file, bytes); },
      [&](std::uint64_t bytes) { read += bytes; });
  CHECK(totals.bytes == file.size());
  CHECK(read == conversion.source_bytes());
  return file;
}

inline Atomized add_folder(store::Store& store, const std::filesystem::path& root,
                           const std::string& name) {
  AtomizeOptions options;
  options.name = name;
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  Atomized added = atomize_folder(store, writer, root.string(), options);
  transaction.commit();
  return added;
}

/// Bytes of a tensor of any type: random, but scales that are halves are finite.
inline ByteBuffer random_blocks(tensor::DType dtype, std::uint64_t bytes, unsigned seed) {
  std::mt19937 random{seed};
  ByteBuffer out(bytes);
  // Small bytes only: read as a half or a float, no such pattern is infinite or a NaN.
  for (std::uint8_t& byte : out)
    byte = static_cast<std::uint8_t>(dtype == tensor::DType::boolean ? random() & 1
                                                                     : random() & 0x3F);
  return out;
}

/// A tensor of every type that GGUF has, in an order that SafeTensors does not keep.
struct EveryType {
  explicit EveryType(formats::ByteOrder order = formats::ByteOrder::little,
                     bool plain_only = false) {
    formats::GgufWriter writer{order};
    writer.add_string("general.architecture", "test");
    writer.add_u32("general.alignment", 64);
    writer.add_u32("general.file_type", 7);
    writer.add_floats("test.floats", std::vector<float>{0.1F, -2});
    writer.add_bool("test.flag", true);
    std::vector<ByteBuffer> file_data;
    for (const tensor::DTypeInfo& info : tensor::dtypes()) {
      if (!formats::is_gguf_dtype(info.dtype)) continue;
      if (plain_only && info.block_elements > 1) continue;
      const std::vector<std::uint64_t> shape{256, 3};
      const std::string name = "t." + std::string{info.name} + ".weight";
      writer.add_tensor(name, info.dtype, shape);
      ByteBuffer bytes = random_blocks(info.dtype, tensor::tensor_bytes(info.dtype, shape),
                                       static_cast<unsigned>(info.dtype));
      data.emplace(name, bytes);
      if (order == formats::ByteOrder::big) formats::swap_byte_order(info.dtype, bytes);
      file_data.push_back(std::move(bytes));
    }
    file = writer.file(std::vector<ByteView>(file_data.begin(), file_data.end()));
  }

  ByteBuffer file;
  std::map<std::string, ByteBuffer> data;  ///< little-endian
};

}  // namespace hart::atom
