#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "store/catalog_writer.h"
#include "store/embedding.h"
#include "store/store.h"
#include "store/text_index.h"

/// A store in a directory of its own, with words and vectors that a test puts in. The index
/// lives in a file beside the catalog, so these tests use the disk.
class StoreFixture {
 public:
  StoreFixture() : directory_{make_directory()}, store_{make_store(directory_)} {
    hart::store::WriteTransaction transaction{store_};
    model_ = ensure_model(store_);
    transaction.commit();
  }
  ~StoreFixture() { std::filesystem::remove_all(directory_); }
  StoreFixture(const StoreFixture&) = delete;
  StoreFixture& operator=(const StoreFixture&) = delete;

  static constexpr std::size_t kDim = 16;

  [[nodiscard]] hart::store::Store& store() noexcept { return store_; }
  [[nodiscard]] const hart::store::EmbeddingModel& model() const noexcept { return model_; }
  [[nodiscard]] std::string path(const char* file) const { return directory_ + "/s/" + file; }

  /// Another connection to the same store, as `tenant`.
  [[nodiscard]] hart::store::Store open(const std::string& tenant = "default",
                                        bool writable = true) const {
    return hart::store::Store{{directory_ + "/s", tenant, 1000, writable}};
  }

  /// A second tenant and its own registration of the same embedding model.
  hart::store::Store add_tenant(const std::string& name, hart::store::EmbeddingModel& model) {
    {
      hart::store::WriteTransaction transaction{store_};
      store_.db()
          .prepare("INSERT INTO tenant (name, created_us) VALUES (?1, 1)",
                   hart::store::Scope::owner)
          .run(name);
      transaction.commit();
    }
    hart::store::Store other = open(name);
    hart::store::WriteTransaction transaction{other};
    model = ensure_model(other);
    transaction.commit();
    return other;
  }

  static hart::store::EmbeddingModel ensure_model(hart::store::Store& store) {
    hart::Id content;
    content.hash.fill(7);
    return hart::store::ensure_embedding_model(store, "test-vectors", content, kDim);
  }

  /// Holds one leaf for each vector, named by `prefix` and a number, and stores its vector.
  static std::vector<std::int64_t> put(hart::store::Store& store,
                                       const hart::store::EmbeddingModel& model,
                                       const std::vector<std::vector<float>>& vectors,
                                       const std::string& prefix) {
    std::vector<std::int64_t> atoms;
    hart::store::WriteTransaction transaction{store};
    hart::store::CatalogWriter writer{store};
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      atoms.push_back(put_leaf(writer, prefix + std::to_string(i)));
      hart::store::put_embedding(store, model, atoms.back(), vectors[i]);
    }
    transaction.commit();
    return atoms;
  }
  std::vector<std::int64_t> put(const std::vector<std::vector<float>>& vectors,
                                const std::string& prefix = "a") {
    return put(store_, model_, vectors, prefix);
  }

  /// A leaf whose digest is made from its text: enough for a test, and not its SHA-256.
  static std::int64_t put_leaf(hart::store::CatalogWriter& writer, const std::string& text) {
    hart::Id id;
    std::seed_seq seed(text.begin(), text.end());
    std::vector<std::uint32_t> words(8);
    seed.generate(words.begin(), words.end());
    for (std::size_t i = 0; i < id.hash.size(); ++i)
      id.hash[i] = static_cast<std::uint8_t>(words[i / 4] >> (8 * (i % 4)));
    const auto bytes = hart::as_bytes(text);
    const std::int64_t atom =
        writer.put_atom(id, hart::store::AtomForm::inlined, bytes, bytes.size());
    writer.hold_atom(atom, hart::store::Modality::text, "word");
    return atom;
  }

  void remove_embedding(std::int64_t atom_id) {
    hart::store::WriteTransaction transaction{store_};
    store_.db()
        .prepare("DELETE FROM atom_embedding WHERE tenant_id = ?1 AND atom_id = ?2",
                 hart::store::Scope::owner)
        .run(store_.tenant_id(), atom_id);
    transaction.commit();
  }

 private:
  static std::string make_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "hart-index-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    return name;
  }
  static hart::store::Store make_store(const std::string& directory) {
    hart::store::Store::create(directory + "/s", {&hart::store::catalog_schema(), 1});
    return hart::store::Store{{directory + "/s", "default", 1000, true}};
  }

  std::string directory_;
  hart::store::Store store_;
  hart::store::EmbeddingModel model_;
};

/// `n` seeded vectors of independent normal values.
inline std::vector<std::vector<float>> random_vectors(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> vectors(n, std::vector<float>(StoreFixture::kDim));
  for (auto& vector : vectors)
    for (float& x : vector) x = normal(random);
  return vectors;
}
