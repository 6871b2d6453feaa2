// A store whose payload is encrypted: models and texts come back as from any other, whoever
// reads them.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "atom/located_payload.h"
#include "atom/payload_reader.h"
#include "model_fixture.h"
#include "store/payload_key.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;
using store::Codec;
using tensor::DType;

/// A plain store and an encrypted one, to be compared.
class TwinStores {
 public:
  TwinStores() : key_{store::PayloadKey::create(key_file())} {
    store::Store::create(directory(), kCatalogOnly, &key_);
  }
  ~TwinStores() {
    std::error_code ignored;
    fs::remove(key_file(), ignored);
    fs::remove_all(directory(), ignored);
  }
  TwinStores(const TwinStores&) = delete;
  TwinStores& operator=(const TwinStores&) = delete;

  [[nodiscard]] store::Store open_plain() const { return plain_.open(); }
  [[nodiscard]] store::Store open_encrypted() const {
    store::OpenOptions options{directory(), "default", 10'000, true};
    options.payload_key_file = key_file();
    return store::Store{options};
  }

 private:
  [[nodiscard]] std::string directory() const { return plain_.directory() + ".encrypted"; }
  [[nodiscard]] std::string key_file() const { return plain_.directory() + ".key"; }

  test::ScratchStore plain_{kCatalogOnly};
  store::PayloadKey key_;
};

TypedTensor seeded(const std::string& name, DType dtype, std::vector<std::uint64_t> shape,
                   unsigned seed) {
  std::uint64_t elements = 1;
  for (const std::uint64_t size : shape) elements *= size;
  return {name, dtype, std::move(shape), random_values(elements, seed)};
}

/// Every codec but zstd: float weights in segments, matrices that are interleaved, with rows
/// beyond the last tile and of many windows, and what lies raw in one piece.
std::vector<TypedTensor> tensors_of_every_codec() {
  return {seeded("weights", DType::bf16, {1024, 1500}, 1),
          seeded("tiles", DType::q4_k, {512, 37}, 2),
          seeded("windows", DType::q8_0, {1024, 4803}, 3),
          seeded("raw", DType::q5_0, {512, 480}, 4), seeded("vector", DType::q8_0, {1024}, 5)};
}

/// A little beside the first, so that its weights are kept as differences.
std::vector<TypedTensor> tuned(std::vector<TypedTensor> tensors) {
  const std::vector<float> noise = random_values(tensors[0].values.size(), 9, 0.0005F);
  for (std::size_t i = 0; i < noise.size(); i += 5) tensors[0].values[i] += noise[i];
  return tensors;
}

bool same_bytes(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

ByteBuffer read_whole(store::Store& store, std::int64_t atom_id, bool verify,
                      unsigned threads) {
  ByteBuffer all;
  (void)read_payload(store, atom_id, {verify, threads}, [&](ByteView window) {
    CHECK(window.size() <= std::size_t{2} << 20);
    append(all, window);
  });
  return all;
}

TEST_CASE("encrypted payload: models are those of a plain store, in every form") {
  const TwinStores stores;
  store::Store plain = stores.open_plain();
  store::Store encrypted = stores.open_encrypted();
  const ByteBuffer base = typed_gguf(tensors_of_every_codec());
  const ByteBuffer fine = typed_gguf(tuned(tensors_of_every_codec()));
  for (store::Store* store : {&plain, &encrypted}) {
    add(*store, "base", base);
    add(*store, "fine", fine);
  }
  for (const Codec codec :
       {Codec::raw, Codec::weights, Codec::weight_delta, Codec::interleaved}) {
    CHECK(extents_of(encrypted, codec) > 0);
    CHECK(extents_of(encrypted, codec) == extents_of(plain, codec));
  }
  CHECK(exported(encrypted, "base") == base);
  CHECK(exported(encrypted, "fine") == fine);
  CHECK(problems(encrypted) == "");
  for (const TensorForm form : {TensorForm::as_files, TensorForm::runnable})
    for (const unsigned threads : {1u, 3u}) {
      const StoredModel expected = open_model(plain, "fine", form, threads);
      const StoredModel model = open_model(encrypted, "fine", form, threads);
      REQUIRE(model.tensors.size() == expected.tensors.size());
      for (std::size_t i = 0; i < model.tensors.size(); ++i) {
        CAPTURE(model.tensors[i].name);
        CHECK(model.tensors[i].layout == expected.tensors[i].layout);
        CHECK_FALSE(model.tensors[i].bytes.mapped());
        CHECK(same_bytes(model.tensors[i].bytes.bytes(), expected.tensors[i].bytes.bytes()));
      }
    }
}

TEST_CASE("encrypted payload: any part of a tensor is read without the rest") {
  const TwinStores stores;
  store::Store store = stores.open_encrypted();
  const std::vector<TypedTensor> tensors = tuned(tensors_of_every_codec());
  add(store, "base", typed_gguf(tensors_of_every_codec()));
  add(store, "fine", typed_gguf(tensors));
  const StoredModel model = open_model(store, "fine");
  store::ExtentDecoder decoder;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    CAPTURE(tensors[i].name);
    const ByteBuffer bytes = tensors[i].bytes();
    const std::int64_t atom_id = model.tensors[i].atom_id;
    for (const bool verify : {false, true})
      for (const unsigned threads : {1u, 3u})
        CHECK(read_whole(store, atom_id, verify, threads) == bytes);
    const LocatedPayload payload{store, atom_id};
    ByteBuffer buffer;
    for (const std::uint64_t offset :
         {std::uint64_t{0}, std::uint64_t{517}, bytes.size() / 2 - 1, bytes.size() - 500}) {
      const ByteView expected = ByteView{bytes}.subspan(offset, 500);
      ByteBuffer part(500);
      read_payload_range(store, atom_id, offset, part);
      CHECK(same_bytes(part, expected));
      CHECK(same_bytes(payload.read(decoder, offset, 500, buffer), expected));
    }
  }
}

TEST_CASE("encrypted payload: texts come back, and damage in them is found") {
  const TwinStores stores;
  store::Store store = stores.open_encrypted();
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "sentence number " + std::to_string(i) + ". ";
  add_text(store, "long", text);
  add_text(store, "short",
           "a few words, and no more than these: they take above 64 bytes, though");
  CHECK(as_text(exported(store, "long")) == text);
  CHECK(extents_of(store, Codec::zstd) > 0);
  CHECK(problems(store) == "");
  std::fstream pack{store.packs().path(1), std::ios::binary | std::ios::in | std::ios::out};
  pack.seekp(store::kPackHeaderBytes + store::kExtentHeaderBytes + 50);
  pack.put('x');
  pack.close();
  store::Store damaged = stores.open_encrypted();
  CHECK(fault_of([&] { (void)exported(damaged, "long"); }) == Fault::data);
  CHECK(problems(damaged) != "");
}

TEST_CASE("encrypted payload: a model file is not linked to an encrypted store") {
  const TwinStores stores;
  store::Store store = stores.open_encrypted();
  AtomizeOptions options;
  options.link = true;
  const std::string path = store.directory() + ".gguf";
  const ByteBuffer file = typed_gguf({seeded("raw", DType::q5_0, {512, 480}, 4)});
  std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(file.data()),
                                              static_cast<std::streamsize>(file.size()));
  options.name = "linked";
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  options.source_uri = path;
  CHECK(fault_of([&] { (void)atomize(store, writer, MappedFile{path}, options, {}); }) ==
        Fault::usage);
  fs::remove(path);
}

}  // namespace
}  // namespace hart::atom
