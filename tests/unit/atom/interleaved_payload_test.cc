// Matrices whose rows lie interleaved in the pack: what was added comes back, whoever reads it.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "atom/located_payload.h"
#include "atom/payload_reader.h"
#include "model_fixture.h"
#include "store/backup.h"
#include "store/collect.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;
using store::Codec;
using tensor::DType;
using tensor::RowLayout;

constexpr DType kTypes[] = {DType::q4_0, DType::q8_0, DType::q4_k, DType::q6_k};

TypedTensor matrix(const std::string& name, DType dtype, std::vector<std::uint64_t> shape,
                   unsigned seed) {
  std::uint64_t elements = 1;
  for (const std::uint64_t size : shape) elements *= size;
  return {name, dtype, std::move(shape), random_values(elements, seed)};
}

/// A matrix of every type, with and without rows beyond the last tile; a stack of matrices; and
/// what is never interleaved: another type, a vector, too few rows.
std::vector<TypedTensor> every_kind() {
  std::vector<TypedTensor> tensors;
  unsigned seed = 0;
  for (const DType dtype : kTypes)
    for (const std::uint64_t rows : {48u, 37u}) {
      ++seed;
      tensors.push_back(matrix("m" + std::to_string(seed), dtype, {512, rows}, seed));
    }
  tensors.push_back(matrix("stack", DType::q8_0, {64, 12, 3}, 20));
  tensors.push_back(matrix("q5", DType::q5_0, {512, 48}, 21));
  tensors.push_back(matrix("vector", DType::q8_0, {1024}, 22));
  tensors.push_back(matrix("few", DType::q8_0, {256, 15}, 23));
  return tensors;
}
constexpr std::int64_t kInterleaved = 9;
constexpr std::int64_t kRaw = 3;

std::int64_t tensor_extents_of(store::Store& store, Codec codec) {
  return store.db().query_integer(
      "SELECT COUNT(*) FROM extent WHERE hash_kind = 1 AND codec = " +
      std::to_string(static_cast<int>(codec)));
}

void flip_byte(const std::string& path, std::uint64_t offset) {
  std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
  file.seekg(static_cast<std::streamoff>(offset));
  const auto byte = static_cast<char>(file.get() ^ 1);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(byte);
}

ByteBuffer copy_of(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST_CASE("interleaved: a model of such matrices is exported to the bit, and is sound") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const ByteBuffer file = typed_gguf(every_kind());
  AtomizeOptions options;
  options.threads = 3;
  add(store, "m", file, options);
  CHECK(tensor_extents_of(store, Codec::interleaved) == kInterleaved);
  CHECK(tensor_extents_of(store, Codec::raw) == kRaw);
  CHECK(exported(store, "m") == file);
  CHECK(problems(store) == "");
  const std::int64_t extents = count(store, "extent");
  const Atomized again = add(store, "again", file);
  CHECK(count(store, "extent") == extents);
  CHECK(again.totals.new_bytes == 0);
}

TEST_CASE(
    "interleaved: opened to run, the rows are mapped as they lie, else as files have them") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const std::vector<TypedTensor> tensors = every_kind();
  add(store, "m", typed_gguf(tensors));
  const StoredModel as_files = open_model(store, "m");
  const StoredModel runnable = open_model(store, "m", TensorForm::runnable);
  REQUIRE(runnable.tensors.size() == tensors.size());
  std::int64_t interleaved = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const StoredTensor& tensor = runnable.tensors[i];
    CAPTURE(tensor.name);
    const ByteBuffer bytes = tensors[i].bytes();
    CHECK(as_files.tensors[i].layout == RowLayout::rows);
    CHECK(copy_of(as_files.tensors[i].bytes.bytes()) == bytes);
    CHECK(tensor.bytes.mapped());
    CHECK(reinterpret_cast<std::uintptr_t>(tensor.bytes.bytes().data()) % 64 == 0);
    ByteBuffer expected = bytes;
    if (tensor.layout == RowLayout::interleaved16) {
      ++interleaved;
      CHECK_FALSE(as_files.tensors[i].bytes.mapped());
      tensor::interleave_rows(tensors[i].dtype,
                              tensor::tensor_bytes(tensors[i].dtype, {&tensor.shape[0], 1}),
                              bytes, expected);
    }
    CHECK(copy_of(tensor.bytes.bytes()) == expected);
  }
  CHECK(interleaved == kInterleaved);
}

TEST_CASE("interleaved: nothing is with --compress none, and what was raw before stays raw") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const ByteBuffer file = typed_gguf(every_kind());
  AtomizeOptions none;
  none.compression = Compression::none;
  add(store, "raw", file, none);
  CHECK(tensor_extents_of(store, Codec::interleaved) == 0);
  add(store, "again", file);
  CHECK(tensor_extents_of(store, Codec::interleaved) == 0);
  for (const StoredTensor& tensor : open_model(store, "again", TensorForm::runnable).tensors) {
    CHECK(tensor.layout == RowLayout::rows);
    CHECK(tensor.bytes.mapped());
  }
  CHECK(exported(store, "again") == file);
}

TEST_CASE("interleaved: the same bytes as a matrix of another shape are not run as they lie") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  TypedTensor tensor = matrix("w", DType::q8_0, {128, 64}, 1);
  const ByteBuffer wide = typed_gguf({tensor});
  tensor.shape = {64, 128};
  const ByteBuffer tall = typed_gguf({tensor});
  add(store, "wide", wide);
  add(store, "tall", tall);
  CHECK(tensor_extents_of(store, Codec::interleaved) == 1);
  const StoredModel model = open_model(store, "tall", TensorForm::runnable);
  CHECK(model.tensors.front().layout == RowLayout::rows);
  CHECK(copy_of(model.tensors.front().bytes.bytes()) == tensor.bytes());
  CHECK(exported(store, "tall") == tall);
}

TEST_CASE("interleaved: a tensor of many windows is read whole, verified and in part") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const TypedTensor tensor = matrix("w", DType::q8_0, {1024, 4803}, 2);
  const ByteBuffer file = typed_gguf({tensor});
  const ByteBuffer bytes = tensor.bytes();
  add(store, "m", file);
  REQUIRE(tensor_extents_of(store, Codec::interleaved) == 1);
  CHECK(exported(store, "m") == file);
  const std::int64_t atom_id =
      open_model(store, "m", TensorForm::runnable).tensors.front().atom_id;
  for (const bool verify : {false, true})
    for (const unsigned threads : {1u, 3u}) {
      ByteBuffer read;
      std::size_t largest = 0;
      CHECK(read_payload(store, atom_id, {verify, threads}, [&](ByteView window) {
              append(read, window);
              largest = std::max(largest, window.size());
            }) == bytes.size());
      CHECK(read == bytes);
      CHECK(largest <= std::size_t{2} << 20);
    }
  const LocatedPayload payload{store, atom_id};
  store::ExtentDecoder decoder;
  ByteBuffer buffer;
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{17407},
                                     std::uint64_t{1'000'000}, bytes.size() - 3000}) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    ByteBuffer part(3000);
    read_payload_range(store, atom_id, offset, part);
    CHECK(std::equal(part.begin(), part.end(), begin));
    const ByteView run = payload.read(decoder, offset, 3000, buffer);
    CHECK(std::equal(run.begin(), run.end(), begin));
  }
}

TEST_CASE("interleaved: a backup and what gc leaves give the same model") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const ByteBuffer file = typed_gguf(every_kind());
  add(store, "m", file);
  add(store, "gone", typed_gguf({matrix("other", DType::q4_k, {512, 64}, 40)}));
  {
    store::WriteTransaction transaction{store};
    (void)store::remove_object(store, store::resolve_object(store, "gone"));
    transaction.commit();
  }
  CHECK(store::collect(store, {}).extents > 0);
  CHECK(tensor_extents_of(store, Codec::interleaved) == kInterleaved);
  CHECK(exported(store, "m") == file);
  CHECK(problems(store) == "");
  const std::string copy = fs::path{scratch.directory()}.parent_path() / "copy";
  const store::BackedUp made =
      store::backup(store, copy, {}, [](const store::Finding& finding) { FAIL(finding.what); });
  CHECK(made.checked.clean());
  store::Store copied{{copy, "default", 10'000, true}};
  CHECK(exported(copied, "m") == file);
}

TEST_CASE("interleaved: a damaged byte is found by fsck and by whoever exports") {
  const test::ScratchStore scratch{kCatalogOnly};
  std::string pack;
  std::uint64_t offset = 0;
  {
    store::Store store = scratch.open();
    add(store, "m", typed_gguf({matrix("w", DType::q4_0, {256, 64}, 5)}));
    offset = static_cast<std::uint64_t>(
        store.db().query_integer("SELECT pack_offset FROM extent WHERE codec = 5"));
    pack = store.packs().path(1);
  }
  for (const std::uint64_t byte : {std::uint64_t{8}, std::uint64_t{64 + 1000}}) {
    flip_byte(pack, offset + byte);
    store::Store store = scratch.open();
    CHECK(problems(store).find("checksum") != std::string::npos);
    CHECK(fault_of([&] { (void)exported(store, "m"); }) == Fault::data);
    flip_byte(pack, offset + byte);
  }
  store::Store store = scratch.open();
  CHECK(problems(store) == "");
}

}  // namespace
}  // namespace hart::atom
