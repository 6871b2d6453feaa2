#include "store/embedding.h"

#include <doctest/doctest.h>

#include "faults.h"
#include "object_fixture.h"
#include "store/query_log.h"

namespace hart::store {
namespace {

using test::add_document;
using test::content_of;
using test::fault_of;
using test::kCatalogOnly;

std::string listing(Store& store, const EmbeddingModel& model, std::int64_t after = 0) {
  std::string text;
  for_each_embedding(store, model.embedding_model_id, after, [&](const Embedding& embedding) {
    for (const float value : embedding.vector) text += std::to_string(static_cast<int>(value));
    text += " ";
  });
  return text;
}

TEST_CASE("embeddings: a replaced vector comes last, with an id above all others") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"doc", {"a", "b"}, {}, {}});
  const std::int64_t a = find_atom(store, content_of("a"))->atom_id;
  const std::int64_t b = find_atom(store, content_of("b"))->atom_id;
  WriteTransaction transaction{store};
  const EmbeddingModel model = ensure_embedding_model(store, "m", content_of("m"), 2);
  CHECK(ensure_embedding_model(store, "m", content_of("m"), 2).embedding_model_id ==
        model.embedding_model_id);
  const float one[] = {1, 2}, two[] = {3, 4}, three[] = {5, 6}, wrong[] = {1};
  const std::int64_t first = put_embedding(store, model, a, one);
  const std::int64_t second = put_embedding(store, model, b, two);
  CHECK(second > first);
  CHECK(listing(store, model) == "12 34 ");
  CHECK(listing(store, model, first) == "34 ");
  CHECK(put_embedding(store, model, a, three) > second);
  CHECK(listing(store, model) == "34 56 ");
  CHECK(count_embeddings(store, model.embedding_model_id) == 2);
  CHECK(fault_of([&] { put_embedding(store, model, a, wrong); }) == Fault::data);
  transaction.commit();
  CHECK(embedding_models(store).size() == 1);
}

TEST_CASE("embeddings: they go with the last object that holds the atom") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"a", "b"}, {}, {}});
  add_document(store, {"two", {"b"}, {}, {}});
  const float vector[] = {1};
  EmbeddingModel model;
  {
    WriteTransaction transaction{store};
    model = ensure_embedding_model(store, "m", content_of("m"), 1);
    for (const char* word : {"a", "b"})
      put_embedding(store, model, find_atom(store, content_of(word))->atom_id, vector);
    transaction.commit();
  }
  WriteTransaction transaction{store};
  const std::int64_t a = find_atom(store, content_of("a"))->atom_id;
  const auto gone = remove_object(store, resolve_object(store, "one"));
  CHECK(std::find(gone.begin(), gone.end(), a) != gone.end());
  CHECK(gone.size() == 3);  // the file, the structure and "a"
  CHECK(count_embeddings(store, model.embedding_model_id) == 1);
  transaction.commit();
}

TEST_CASE("embeddings: no tenant sees another's") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  Store store = scratch.open();
  add_document(store, {"doc", {"a"}, {}, {}});
  const float vector[] = {1};
  WriteTransaction transaction{store};
  const EmbeddingModel model = ensure_embedding_model(store, "m", content_of("m"), 1);
  put_embedding(store, model, find_atom(store, content_of("a"))->atom_id, vector);
  transaction.commit();
  Store other = scratch.open("other");
  CHECK(listing(other, model) == "");
  CHECK(count_embeddings(other, model.embedding_model_id) == 0);
  CHECK(embedding_models(other).empty());
}

TEST_CASE("query log: queries come back in order, from any on, and to their tenant alone") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  Store store = scratch.open();
  CHECK(logged_queries(store, 0, 10).empty());
  QueryRecord record{"hart-search", "query", "exact", "query k=?", {{"k", 3}},
                     "cat",         "scan",  2,       75,          9};
  REQUIRE(log_query(store, record));
  record.input = "dog";
  record.vector = {1.5f, -0.0f, 3e-40f};
  REQUIRE(log_query(store, record));
  const auto all = logged_queries(store, 0, 10);
  REQUIRE(all.size() == 2);
  CHECK(all[0].record.input == "cat");
  CHECK(all[0].record.parameters.at("k") == 3);
  CHECK(all[0].record.latency_us == 75);
  CHECK(all[0].record.vector.empty());
  CHECK(all[1].record.vector == record.vector);
  CHECK(all[1].query_id > all[0].query_id);
  CHECK(logged_queries(store, all[0].query_id, 10).size() == 1);
  CHECK(logged_queries(store, 0, 1).front().record.input == "cat");
  Store other = scratch.open("other");
  CHECK(logged_queries(other, 0, 10).empty());
}

TEST_CASE("query log: one that was begun without vectors goes on with them") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  QueryRecord record{"hart-search", "query", "exact", "query k=?", {{"k", 3}}, "", "", 0, 0, 1};
  REQUIRE(log_query(store, record));
  store.cache_db().exec("ALTER TABLE query_log DROP COLUMN vector");
  record.vector = {1, 2};
  REQUIRE(log_query(store, record));
  const auto all = logged_queries(store, 0, 10);
  REQUIRE(all.size() == 2);
  CHECK(all[0].record.vector.empty());
  CHECK(all[1].record.vector == record.vector);
}

TEST_CASE(
    "query log: several queries are logged together, and beyond the limit the oldest go") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  QueryRecord record{"hart-search", "query", "exact", "query k=?", {{"k", 3}}, "", "", 0, 0, 1};
  std::vector<QueryRecord> records;
  for (const char* const input : {"a", "b", "c"}) {
    record.input = input;
    record.parameters["k"] = *input == 'c' ? 4 : 3;
    records.push_back(record);
  }
  REQUIRE(log_queries(store, records));
  REQUIRE(log_queries(store, {}));
  const auto all = logged_queries(store, 0, 10);
  REQUIRE(all.size() == 3);
  CHECK(all[0].record.input == "a");
  CHECK(all[2].record.input == "c");
  CHECK(all[0].record.parameters.at("k") == 3);
  CHECK(all[1].record.parameters.at("k") == 3);
  CHECK(all[2].record.parameters.at("k") == 4);
  record.parameters = {{"plain", "AAB/+="},
                       {"quoted \"key\"", "a\"b\\c\n\x7f\u00e9"},
                       {"empty", ""},
                       {"number", 1.5},
                       {"none", nullptr}};
  REQUIRE(log_query(store, record));
  CHECK(logged_queries(store, all[2].query_id, 1).front().record.parameters ==
        record.parameters);
  record.parameters = Json::object();
  REQUIRE(log_query(store, record));
  CHECK(logged_queries(store, all[2].query_id + 1, 1).front().record.parameters ==
        record.parameters);
  records.assign(101'000, record);
  REQUIRE(log_queries(store, records));
  const auto kept = logged_queries(store, 0, 200'000);
  CHECK(kept.back().query_id == 101'005);
  CHECK(kept.front().query_id == 1'001);
}

TEST_CASE("query log: a store opened for reading logs nothing and can be read from") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store reader = scratch.open("default", false);
  CHECK_FALSE(log_query(reader, {}));
  CHECK(logged_queries(reader, 0, 10).empty());
}

}  // namespace
}  // namespace hart::store
