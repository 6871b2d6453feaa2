#include "search/search.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "../index/store_fixture.h"
#include "core/error.h"
#include "index/index.h"
#include "result_atoms.h"
#include "search/query_record.h"
#include "store/text_index.h"

namespace {

using hart::Error;
using namespace hart::search;
using hart::index::IndexKind;

Query vector_query(StoreFixture& fixture, std::vector<float> vector, Strategy strategy) {
  Query query;
  query.vector = std::move(vector);
  query.model = fixture.model();
  query.strategy = strategy;
  return query;
}

void index_text(hart::store::Store& store, const std::vector<std::int64_t>& atoms,
                const std::vector<std::string>& texts) {
  hart::store::WriteTransaction transaction{store};
  hart::store::TextIndexWriter writer{store};
  for (std::size_t i = 0; i < texts.size(); ++i) writer.add(atoms[i], texts[i]);
  transaction.commit();
}

const std::vector<std::string> kTexts{"a small dog barks", "the cat sleeps", "dog and dog",
                                      "nothing of the kind"};

TEST_CASE("search: exact hits carry similarity and distance, nearest first") {
  StoreFixture fixture;
  const auto vectors = random_vectors(50, 1);
  const auto atoms = fixture.put(vectors);
  const auto result =
      search(fixture.store(), vector_query(fixture, vectors[20], Strategy::exact));
  REQUIRE(result.hits.size() == 10);
  CHECK(result.hits.front().atom_id == atoms[20]);
  CHECK(result.hits.front().score == doctest::Approx(1));
  CHECK(*result.hits.front().distance == doctest::Approx(0));
  CHECK(std::is_sorted(result.hits.begin(), result.hits.end(),
                       [](const Hit& a, const Hit& b) { return *a.distance < *b.distance; }));
  CHECK(result.explain.chosen == Strategy::exact);
  CHECK(result.explain.vector->compared == 50);
}

TEST_CASE("search: text finds by BM25, phrase and prefix, and leaves out what does not match") {
  StoreFixture fixture;
  const auto atoms = fixture.put(random_vectors(4, 2));
  index_text(fixture.store(), atoms, kTexts);
  const auto found = [&](const std::string& text) {
    Query query;
    query.text = text;
    const auto result = search(fixture.store(), query);
    CHECK(result.explain.chosen == Strategy::text);
    return atoms_of(result);
  };
  CHECK(found("dog") == std::vector{atoms[2], atoms[0]});
  CHECK(found("\"small dog\"") == std::vector{atoms[0]});
  CHECK(found("\"dog small\"").empty());
  CHECK(found("bark*") == std::vector{atoms[0]});
  CHECK(found("bark").empty());
  CHECK(found("CAT") == std::vector{atoms[1]});
  CHECK(found("zebra").empty());
}

TEST_CASE("search: FTS5's own syntax in a user's text neither fails nor means anything") {
  StoreFixture fixture;
  const auto atoms = fixture.put(random_vectors(4, 2));
  index_text(fixture.store(), atoms, kTexts);
  for (const char* text :
       {"dog AND NOT cat", "text : dog", "dog)(", "^dog + -dog", "\"dog", "dog\" OR 1=1 --",
        "NEAR(dog, 3)", "dog **", "* dog", "\"\" dog", "{text} : dog", "dog\n\t\"", "“dog”"}) {
    CAPTURE(text);
    Query query;
    query.text = text;
    const auto found = atoms_of(search(fixture.store(), query));
    CHECK(std::count(found.begin(), found.end(), atoms[2]) == 1);
  }
}

TEST_CASE("search: hybrid puts what both lists hold before what one list holds") {
  StoreFixture fixture;
  const auto vectors = random_vectors(4, 3);
  const auto atoms = fixture.put(vectors);
  index_text(fixture.store(), atoms, kTexts);
  Query query = vector_query(fixture, vectors[0], Strategy::automatic);
  query.text = "dog";
  query.candidates = 2;
  query.k = 2;
  const auto result = search(fixture.store(), query);
  CHECK(result.explain.chosen == Strategy::hybrid);
  // First by vector, second by text: both lists hold it.
  CHECK(result.hits.front().atom_id == atoms[0]);
  CHECK(result.hits.front().score == doctest::Approx(1.0 / 61 + 1.0 / 62));
}

TEST_CASE("search: auto takes the spatial index only for a recall figure that is good enough") {
  StoreFixture fixture;
  const auto vectors = random_vectors(400, 4);
  fixture.put(vectors);
  const auto built =
      hart::index::build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  Query query = vector_query(fixture, vectors[0], Strategy::automatic);
  auto result = search(fixture.store(), query);
  CHECK(result.explain.chosen == Strategy::exact);
  CHECK(result.explain.reason == "the spatial index has no recall figure");

  hart::index::check_index(fixture.store(), fixture.model(), IndexKind::rtree,
                           {10, 100, 100, 1, 1});
  result = search(fixture.store(), query);
  CHECK(result.explain.chosen == Strategy::exact);
  CHECK(result.explain.reason.find("is below 0.95") != std::string::npos);

  query.recall = 0.05;
  result = search(fixture.store(), query);
  CHECK(result.explain.chosen == Strategy::spatial);
  CHECK(result.explain.vector->candidates == 100);
  CHECK(result.explain.vector->generation == built.generation);
  CHECK(result.explain.vector->recall.has_value());
  const hart::Json json = explain_json(result.explain);
  CHECK(json["vector"]["index"] == "rtree");
  CHECK(json["vector"]["generation"] == built.generation);
  CHECK(json["vector"]["recall"].is_number());
  // The figure holds for the candidates, the k and the metric that it was measured with.
  query.filter.modality = hart::store::Modality::text;
  CHECK(search(fixture.store(), query).explain.chosen == Strategy::exact);
  query.filter = {};
  query.candidates = 99;
  CHECK(search(fixture.store(), query).explain.chosen == Strategy::exact);
  query.candidates = 100;
  query.k = 11;
  CHECK(search(fixture.store(), query).explain.chosen == Strategy::exact);
  query.k = 10;
  query.metric = hart::index::Metric::dot;
  CHECK(search(fixture.store(), query).explain.chosen == Strategy::exact);
}

TEST_CASE("search: a lost or damaged index.db costs no answer, and the explanation says so") {
  StoreFixture fixture;
  const auto vectors = random_vectors(300, 5);
  fixture.put(vectors);
  {
    // Closed before its file is damaged, as a process that ended.
    auto builder = fixture.open();
    hart::index::build_index(builder, fixture.model(), IndexKind::rtree);
    hart::index::build_index(builder, fixture.model(), IndexKind::flat);
  }
  std::vector<std::int64_t> expected;
  {
    auto reader = fixture.open();
    expected = atoms_of(search(reader, vector_query(fixture, vectors[7], Strategy::exact)));
  }

  SUBCASE("lost") {
    std::filesystem::remove(fixture.path("index.db"));
  }
  SUBCASE("overwritten") {
    std::fstream file{fixture.path("index.db"),
                      std::ios::in | std::ios::out | std::ios::binary};
    const std::string noise(65'536, '\xA5');
    for (std::uint64_t at = 65'536; at < std::filesystem::file_size(fixture.path("index.db"));
         at += noise.size()) {
      file.seekp(static_cast<std::streamoff>(at));
      file << noise;
    }
  }
  SUBCASE("no database") {
    std::ofstream{fixture.path("index.db")} << "not a database at all";
  }
  std::filesystem::remove(fixture.path("index.db-wal"));
  std::filesystem::remove(fixture.path("index.db-shm"));
  for (const bool writable : {false, true}) {
    CAPTURE(writable);
    auto again = fixture.open("default", writable);
    const auto result = search(again, vector_query(fixture, vectors[7], Strategy::spatial));
    CHECK(atoms_of(result) == expected);
    CHECK(result.explain.chosen == Strategy::exact);
    CHECK(result.explain.fallbacks.size() == 2);
    CHECK_FALSE(result.explain.vector->generation.has_value());
  }
}

TEST_CASE("search: spatial without an index compares all vectors and says so") {
  StoreFixture fixture;
  const auto vectors = random_vectors(20, 6);
  fixture.put(vectors);
  const auto result =
      search(fixture.store(), vector_query(fixture, vectors[0], Strategy::spatial));
  CHECK(result.hits.size() == 10);
  CHECK(result.explain.requested == Strategy::spatial);
  CHECK(result.explain.chosen == Strategy::exact);
  CHECK(result.explain.fallbacks.size() == 1);
}

TEST_CASE("search: a tenant sees neither the other's passages nor the other's vectors") {
  StoreFixture fixture;
  const auto vectors = random_vectors(4, 7);
  // The same content in both tenants: the atoms are shared, what is held is not.
  const auto mine = fixture.put({vectors[0], vectors[1]});
  index_text(fixture.store(), mine, {kTexts[0], kTexts[1]});
  hart::store::EmbeddingModel other_model;
  auto other = fixture.add_tenant("other", other_model);
  const auto theirs = StoreFixture::put(other, other_model, vectors, "a");
  index_text(other, theirs, kTexts);
  CHECK(theirs[0] == mine[0]);

  Query query;
  query.text = "dog";
  CHECK(atoms_of(search(fixture.store(), query)) == std::vector{mine[0]});
  CHECK(atoms_of(search(other, query)) == std::vector{theirs[2], theirs[0]});
  const auto by_vector =
      search(fixture.store(), vector_query(fixture, vectors[3], Strategy::exact));
  CHECK(by_vector.hits.size() == 2);
  CHECK(by_vector.explain.vector->compared == 2);
  // Another tenant's model number opens nothing.
  Query foreign = vector_query(fixture, vectors[3], Strategy::exact);
  foreign.model = other_model;
  CHECK(search(fixture.store(), foreign).hits.empty());
}

TEST_CASE("search: filters by modality and time hold for vectors and for words") {
  StoreFixture fixture;
  const auto vectors = random_vectors(3, 8);
  std::vector<std::int64_t> atoms;
  {
    hart::store::WriteTransaction transaction{fixture.store()};
    hart::store::CatalogWriter writer{fixture.store()};
    for (std::size_t i = 0; i < 3; ++i) {
      atoms.push_back(StoreFixture::put_leaf(writer, "t" + std::to_string(i)));
      hart::store::put_embedding(fixture.store(), fixture.model(), atoms[i], vectors[i]);
    }
    writer.hold_atom(atoms[1], hart::store::Modality::code, "token");
    hart::store::CatalogWriter::NewObject object;
    object.name = "old.txt";
    object.atom_id = atoms[2];
    object.kind = "document";
    object.subtype = "plain";
    object.atomizer = "text/1";
    writer.put_object(object);
    transaction.commit();
  }
  index_text(fixture.store(), atoms, {"dog one", "dog two", "dog three"});
  const auto both = [&](const Filter& filter) {
    Query query = vector_query(fixture, vectors[0], Strategy::exact);
    query.filter = filter;
    auto near = atoms_of(search(fixture.store(), query));
    query.text = "dog";
    query.strategy = Strategy::text;
    auto matching = atoms_of(search(fixture.store(), query));
    std::sort(near.begin(), near.end());
    std::sort(matching.begin(), matching.end());
    CHECK(near == matching);
    return near;
  };
  Filter filter;
  filter.modality = hart::store::Modality::code;
  CHECK(both(filter) == std::vector{atoms[1]});
  filter.modality = hart::store::Modality::image;
  CHECK(both(filter).empty());
  filter.modality = hart::store::Modality::text;
  CHECK(both(filter) == atoms);
  std::int64_t created = 0;
  hart::store::for_each_object(fixture.store(), {},
                               [&](const auto& object) { created = object.created; });
  filter.since = created;
  CHECK(both(filter) == std::vector{atoms[2]});
  filter.until = created + 1;
  CHECK(both(filter) == std::vector{atoms[2]});
  filter.until = created;
  CHECK(both(filter).empty());
}

TEST_CASE("search: a strategy without what it needs is a wrong call") {
  StoreFixture fixture;
  fixture.put(random_vectors(3, 9));
  Query query;
  CHECK_THROWS_WITH_AS((void)search(fixture.store(), query),
                       "the query has neither a word nor a vector", Error);
  query.text = "?!";
  CHECK_THROWS_AS((void)search(fixture.store(), query), Error);
  query.text = "dog";
  for (const Strategy strategy : {Strategy::exact, Strategy::spatial, Strategy::hybrid}) {
    query.strategy = strategy;
    CHECK_THROWS_AS((void)search(fixture.store(), query), Error);
  }
}

TEST_CASE("search: a recorded query finds the same again") {
  StoreFixture fixture;
  const auto vectors = random_vectors(60, 10);
  const auto atoms = fixture.put(vectors);
  index_text(fixture.store(), atoms, kTexts);
  Query query = vector_query(fixture, vectors[5], Strategy::automatic);
  query.text = "dog \"the cat\"";
  query.k = 7;
  query.candidates = 30;
  query.recall = 0.5;
  query.metric = hart::index::Metric::l2;
  query.filter.modality = hart::store::Modality::text;
  query.left_out_atom = atoms[2];
  query.stop_words = StopWords::keep;
  query.fusion = Fusion::scores;
  query.weights = {0.25, 0.75};
  query.facets = {"kind"};
  const auto result = search(fixture.store(), query);
  const auto record = query_record(query, result, 1, 0.25);
  CHECK(record.rows == 7);
  CHECK(record.latency_us == 250'000);
  CHECK(record.strategy == "hybrid");
  const Query again = recorded_query(fixture.store(), record);
  CHECK(again.text == query.text);
  CHECK(again.vector == query.vector);
  CHECK(again.metric == query.metric);
  CHECK(filter_json(again.filter) == filter_json(query.filter));
  CHECK(again.stop_words == query.stop_words);
  CHECK(again.fusion == query.fusion);
  CHECK(again.weights == query.weights);
  CHECK(again.facets == query.facets);
  CHECK(atoms_of(search(fixture.store(), again)) == atoms_of(result));

  auto broken = record;
  broken.parameters.erase("k");
  CHECK_THROWS_AS((void)recorded_query(fixture.store(), broken), Error);
  broken = record;
  broken.parameters["metric"] = "taxicab";
  CHECK_THROWS_AS((void)recorded_query(fixture.store(), broken), Error);
}

TEST_CASE("search: queries that differ in their values alone share a statement") {
  StoreFixture fixture;
  const auto vectors = random_vectors(10, 11);
  fixture.put(vectors);
  const auto statement = [&](const std::vector<float>& vector, std::size_t k) {
    Query query = vector_query(fixture, vector, Strategy::exact);
    query.k = k;
    return query_record(query, search(fixture.store(), query), 1, 0).statement;
  };
  CHECK(statement(vectors[0], 3) == statement(vectors[1], 3));
  CHECK(statement(vectors[0], 3) != statement(vectors[0], 4));
}

}  // namespace
