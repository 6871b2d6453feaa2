#include "atom/tensor_payload.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "atom/payload_reader.h"
#include "fixture.h"
#include "store/packs.h"
#include "tensor/convert.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;
using store::Codec;
using tensor::DType;

/// A SafeTensors file of one tensor; rows of 1024.
ByteBuffer one_tensor(DType dtype, ByteView bytes) {
  const std::uint64_t elements = bytes.size() / tensor::dtype_info(dtype).block_bytes;
  const formats::SafetensorsTensor tensor{"w", dtype, {1024, elements / 1024}, 0, 0};
  ByteBuffer file = formats::write_safetensors_header({&tensor, 1}, {});
  append(file, bytes);
  return file;
}

std::vector<float> random_weights(std::size_t count, unsigned seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<float> normal{0, 0.02f};
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// Moves every fifth weight a little.
std::vector<float> fine_tuned(std::vector<float> values, unsigned seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<float> normal{0, 0.0005f};
  for (std::size_t i = seed % 5; i < values.size(); i += 5) values[i] += normal(random);
  return values;
}

ByteBuffer as_dtype(DType dtype, const std::vector<float>& values) {
  ByteBuffer bytes(values.size() / tensor::dtype_info(dtype).block_elements *
                   tensor::dtype_info(dtype).block_bytes);
  tensor::quantize_row(dtype, values, bytes);
  return bytes;
}

std::uint64_t pack_bytes(store::Store& store) {
  return static_cast<std::uint64_t>(store.db().query_integer("SELECT SUM(bytes) FROM pack"));
}

/// More than one segment of 2 MiB, and a last one that is short.
constexpr std::size_t kManyElements = std::size_t{1024} * 1500;

TEST_CASE("tensors: float weights of every type are coded in segments and come back") {
  const auto values = random_weights(kManyElements, 1);
  for (const DType dtype : {DType::bf16, DType::f16, DType::f32}) {
    const test::ScratchStore scratch{kCatalogOnly};
    store::Store store = scratch.open();
    const ByteBuffer file = one_tensor(dtype, as_dtype(dtype, values));
    add(store, "m", file);
    const auto segments =
        static_cast<std::int64_t>((file.size() + kSegmentBytes - 1) / kSegmentBytes);
    CHECK(extents_of(store, Codec::weights) == segments);
    CHECK(pack_bytes(store) < file.size() * 9 / 10);
    CHECK(exported(store, "m") == file);
    const StoredModel model = open_model(store, "m");
    CHECK_FALSE(model.tensors.front().bytes.mapped());
    CHECK(std::equal(model.tensors.front().bytes.bytes().begin(),
                     model.tensors.front().bytes.bytes().end(),
                     file.end() - static_cast<std::ptrdiff_t>(model.tensors.front().size)));
  }
}

TEST_CASE("tensors: any range of a coded tensor is read without the rest") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const ByteBuffer bytes = as_dtype(DType::bf16, random_weights(kManyElements, 2));
  add(store, "m", one_tensor(DType::bf16, bytes));
  const std::int64_t atom_id = open_model(store, "m").tensors.front().atom_id;
  for (const std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{1}, kSegmentBytes - 1, kSegmentBytes + 300'000}) {
    ByteBuffer part(5000);
    read_payload_range(store, atom_id, offset, part);
    CHECK(std::equal(part.begin(), part.end(),
                     bytes.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
  ByteBuffer beyond(10);
  CHECK(fault_of([&] { read_payload_range(store, atom_id, bytes.size() - 5, beyond); }) ==
        Fault::data);
}

TEST_CASE("tensors: what is stored does not depend on the number of threads") {
  const auto base = random_weights(kManyElements, 3);
  const ByteBuffer first = one_tensor(DType::bf16, as_dtype(DType::bf16, base));
  const ByteBuffer second = one_tensor(DType::bf16, as_dtype(DType::bf16, fine_tuned(base, 1)));
  std::vector<ByteBuffer> packs;
  for (const unsigned threads : {1u, 3u}) {
    const test::ScratchStore scratch{kCatalogOnly};
    store::Store store = scratch.open();
    AtomizeOptions options;
    options.threads = threads;
    add(store, "a", first, options);
    add(store, "b", second, options);
    CHECK(extents_of(store, Codec::weight_delta) > 0);
    std::ifstream in{store.packs().path(1), std::ios::binary};
    packs.emplace_back(std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{});
  }
  CHECK(packs[0] == packs[1]);
}

TEST_CASE("tensors: a fine-tune is stored as differences to its base, chains one deep") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const auto base = random_weights(kManyElements, 4);
  const auto tuned = fine_tuned(base, 1);
  const ByteBuffer first = one_tensor(DType::bf16, as_dtype(DType::bf16, base));
  const ByteBuffer second = one_tensor(DType::bf16, as_dtype(DType::bf16, tuned));
  const ByteBuffer third = one_tensor(DType::bf16, as_dtype(DType::bf16, fine_tuned(tuned, 2)));
  add(store, "base", first);
  const std::uint64_t alone = pack_bytes(store);
  const Atomized added = add(store, "tuned", second);
  CHECK(added.totals.stored_bytes < first.size() / 5);
  add(store, "tuned twice", third);
  CHECK(extents_of(store, Codec::weight_delta) == 4);
  CHECK(pack_bytes(store) < alone * 2);
  CHECK(store.db().query_integer(
            "SELECT COUNT(*) FROM extent AS e JOIN extent AS b ON b.extent_id ="
            " e.base_extent_id WHERE b.base_extent_id IS NOT NULL") == 0);
  CHECK(exported(store, "base") == first);
  CHECK(exported(store, "tuned") == second);
  CHECK(exported(store, "tuned twice") == third);
}

TEST_CASE("tensors: another tenant's tensors are nobody's base") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  const auto base = random_weights(kManyElements, 5);
  {
    store::Store store = scratch.open();
    add(store, "base", one_tensor(DType::bf16, as_dtype(DType::bf16, base)));
  }
  store::Store other = scratch.open("other");
  add(other, "tuned", one_tensor(DType::bf16, as_dtype(DType::bf16, fine_tuned(base, 1))));
  CHECK(extents_of(other, Codec::weight_delta) == 0);
}

TEST_CASE("tensors: unlike tensors of one shape are stored alone") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  for (unsigned seed = 6; seed < 9; ++seed)
    add(store, std::to_string(seed),
        one_tensor(DType::f16, as_dtype(DType::f16, random_weights(kManyElements, seed))));
  CHECK(extents_of(store, Codec::weight_delta) == 0);
}

TEST_CASE("tensors: quantised and uncompressed ones lie raw, whole and aligned") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const auto values = random_weights(kManyElements, 10);
  const ByteBuffer floats = as_dtype(DType::f16, values);
  AtomizeOptions none;
  none.compression = Compression::none;
  add(store, "floats", one_tensor(DType::f16, floats), none);
  formats::GgufWriter writer;
  const ByteBuffer quantised = as_dtype(DType::q5_0, values);
  writer.add_tensor("w", DType::q5_0, std::vector<std::uint64_t>{1024, 1500});
  add(store, "quantised", writer.file(std::vector<ByteView>{quantised}));
  for (const char* name : {"floats", "quantised"}) {
    const StoredModel model = open_model(store, name);
    CHECK(model.tensors.front().bytes.mapped());
    CHECK(reinterpret_cast<std::uintptr_t>(model.tensors.front().bytes.bytes().data()) % 64 ==
          0);
  }
  CHECK(store.db().query_integer(
            "SELECT COUNT(*) FROM extent WHERE codec = 0 AND hash_kind = 1") == 2);
}

TEST_CASE("tensors: segments of zeros take no extent") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const ByteBuffer file = one_tensor(DType::f32, ByteBuffer(kManyElements * 4));
  add(store, "zeros", file);
  CHECK(pack_bytes(store) < 4096);
  CHECK(exported(store, "zeros") == file);
}

TEST_CASE("tensors: integers that repeat are compressed, others stay whole") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  ByteBuffer ramp(3 << 20);
  for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<std::uint8_t>(i % 8);
  const ByteBuffer file = one_tensor(DType::u8, ramp);
  add(store, "ramp", file);
  CHECK(pack_bytes(store) < file.size() / 10);
  CHECK(exported(store, "ramp") == file);
}

TEST_CASE("link: a shared model file is not copied, and a failed transaction leaves no link") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const ByteBuffer file =
      one_tensor(DType::f16, as_dtype(DType::f16, random_weights(kManyElements, 11)));
  const std::string path = fs::path{scratch.directory()}.parent_path() / "shared.safetensors";
  std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(file.data()),
                                              static_cast<std::streamsize>(file.size()));
  AtomizeOptions options;
  options.name = "linked";
  options.source_uri = path;
  options.link = true;
  const std::string link = store.packs().linked_path(store::kFirstLinkedPack);
  {
    store::WriteTransaction transaction{store};
    store::CatalogWriter writer{store};
    (void)atomize(store, writer, MappedFile{path}, options, {});
    CHECK(fs::exists(link));
  }
  CHECK_FALSE(fs::exists(link));
  {
    store::WriteTransaction transaction{store};
    store::CatalogWriter writer{store};
    (void)atomize(store, writer, MappedFile{path}, options, {});
    transaction.commit();
  }
  CHECK(fs::exists(link));
  CHECK(fs::file_size(store.packs().path(1)) < 4096);
  CHECK(exported(store, "linked") == file);
  CHECK(open_model(store, "linked").tensors.front().bytes.mapped());
}

}  // namespace
}  // namespace hart::atom
