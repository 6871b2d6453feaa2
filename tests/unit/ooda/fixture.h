#pragma once

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "crypto/sha256.h"
#include "index/index.h"
#include "ooda/cycle.h"
#include "ooda/schema.h"
#include "search/query_record.h"
#include "search/search.h"
#include "store/catalog_writer.h"
#include "store/embedding.h"
#include "store/query_log.h"
#include "store/schema.h"
#include "support/scratch_store.h"

namespace hart::test {

inline const std::array<store::SchemaModule, 2>& ooda_modules() {
  static const std::array<store::SchemaModule, 2> modules{store::catalog_schema(),
                                                          ooda::ooda_schema()};
  return modules;
}

/// A store with seeded vectors, and queries over them that are really run and logged.
class OodaFixture {
 public:
  static constexpr std::size_t kDim = 32;

  explicit OodaFixture(std::size_t vectors = 200)
      : scratch_{ooda_modules()}, store_{scratch_.open()} {
    store::WriteTransaction transaction{store_};
    Id content;
    content.hash.fill(7);
    model_ = store::ensure_embedding_model(store_, "test-vectors", content, kDim);
    store::CatalogWriter writer{store_};
    for (std::size_t i = 0; i < vectors; ++i) {
      const std::string text = "word" + std::to_string(i);
      const auto bytes = as_bytes(text);
      const std::int64_t atom = writer.put_atom({IdSpace::content, crypto::sha256(bytes)},
                                                store::AtomForm::inlined, bytes, bytes.size());
      writer.hold_atom(atom, store::Modality::text, "word");
      store::put_embedding(store_, model_, atom, vector(i));
    }
    transaction.commit();
  }

  [[nodiscard]] store::Store& store() noexcept { return store_; }
  [[nodiscard]] const ScratchStore& scratch() const noexcept { return scratch_; }
  [[nodiscard]] const store::EmbeddingModel& model() const noexcept { return model_; }

  static std::vector<float> vector(std::uint64_t seed) {
    std::mt19937_64 random{seed + 1};
    std::normal_distribution<float> normal;
    std::vector<float> values(kDim);
    for (float& x : values) x = normal(random);
    return values;
  }

  /// Runs and logs `count` exact queries, the first of seed `first`.
  void query(std::size_t count, std::uint64_t first = 1000) {
    for (std::size_t i = 0; i < count; ++i) {
      search::Query query;
      query.vector = vector(first + i);
      query.model = model_;
      query.strategy = search::Strategy::exact;
      const double started = steady_seconds();
      const search::Result result = search::search(store_, query);
      REQUIRE(store::log_query(
          store_, search::query_record(query, result, now_us(), steady_seconds() - started)));
    }
  }

  /// All rows of all tables of the catalog, and its schema, as text.
  [[nodiscard]] std::string dump() {
    std::string text = ooda::fingerprint(store_);
    auto tables = store_.db().prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'"
        " ORDER BY name",
        store::Scope::owner);
    while (tables.step()) text += '\n' + dump_table(std::string{tables.text(0)});
    return text;
  }
  [[nodiscard]] std::string dump_table(const std::string& table) {
    auto columns = store_.db().prepare(
        "SELECT group_concat('quote(\"' || name || '\")', ' || '','' || ') FROM"
        " pragma_table_info(?1)",
        store::Scope::owner);
    columns.with(table).step();
    auto rows = store_.db().prepare(
        "SELECT " + std::string{columns.text(0)} + " FROM \"" + table + "\" ORDER BY 1",
        store::Scope::owner);
    std::string text = table;
    while (rows.step()) text += '\n' + std::string{rows.text(0)};
    return text;
  }

 private:
  ScratchStore scratch_;
  store::Store store_;
  store::EmbeddingModel model_;
};

/// The action that builds a flat index over the fixture's vectors.
inline ooda::Action build_flat(const OodaFixture& fixture) {
  return {ooda::ActionKind::build_index, index::IndexKind::flat, fixture.model().content,
          fixture.model().name};
}
inline ooda::Action drop(const OodaFixture& fixture, index::IndexKind kind) {
  return {ooda::ActionKind::drop_index, kind, fixture.model().content, fixture.model().name};
}

}  // namespace hart::test
