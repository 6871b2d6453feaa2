#include "search/rerank.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "../index/store_fixture.h"
#include "core/error.h"
#include "search/query_record.h"
#include "search/rerank_features.h"
#include "search/search.h"

namespace {

using hart::Error;
using hart::Json;
using namespace hart::search;

Json linear_document() {
  return {{"type", "rerank_model"},
          {"version", 1},
          {"features",
           {{{"name", "bm25"}, {"mean", 2.0}, {"scale", 0.5}},
            {{"name", "cosine"}, {"mean", 0.0}, {"scale", 1.0}}}},
          {"linear", {{"weights", {3.0, -1.0}}, {"bias", 10.0}}}};
}

Json boosted_document() {
  Json document = linear_document();
  document.erase("linear");
  const Json stump = {{"feature", {0, -1, -1}},
                      {"threshold", {1.0, 0.0, 0.0}},
                      {"left", {1, 0, 0}},
                      {"right", {2, 0, 0}},
                      {"value", {0.0, 0.25, 4.0}}};
  const Json leaf = {
      {"feature", {-1}}, {"threshold", {0.0}}, {"left", {0}}, {"right", {0}}, {"value", {0.5}}};
  document["boosted"] = {{"base", 1.0}, {"trees", {stump, leaf}}};
  return document;
}

RerankFeatures features_of(double bm25, double cosine) {
  RerankFeatures features;
  features[RerankFeature::bm25] = bm25;
  features[RerankFeature::cosine] = cosine;
  return features;
}

TEST_CASE("rerank: a linear model scores standardised features, and unknown ones as average") {
  const RerankModel model{linear_document()};
  CHECK(model.score(features_of(3, 0.5)) == 10 + 3 * 2 - 0.5);
  CHECK(model.score(features_of(std::nan(""), 0.5)) == 10 - 0.5);
  CHECK(model.score({}) == 10);
  CHECK(model.uses(RerankFeature::bm25));
  CHECK_FALSE(model.uses(RerankFeature::importance));
}

TEST_CASE("rerank: trees go left up to the threshold, and sum up") {
  const RerankModel model{boosted_document()};
  // (2.5 − 2) / 0.5 is the threshold itself.
  CHECK(model.score(features_of(2.5, 0)) == 1 + 0.25 + 0.5);
  CHECK(model.score(features_of(2.5000001, 0)) == 1 + 4 + 0.5);
}

TEST_CASE("rerank: a document that departs from the format is refused") {
  const auto refused = [](const Json& document) {
    try {
      const RerankModel model{document};
      return false;
    } catch (const Error& error) {
      return error.fault() == hart::Fault::data;
    }
  };
  CHECK_FALSE(refused(linear_document()));
  CHECK_FALSE(refused(boosted_document()));
  const auto changed = [](Json document, const char* pointer, const Json& value) {
    document[Json::json_pointer(pointer)] = value;
    return document;
  };
  const Json linear = linear_document();
  const Json boosted = boosted_document();
  for (const auto& wrong : std::vector<std::pair<const char*, Json>>{
           {"/type", "model"},
           {"/version", 2},
           {"/surplus", 1},
           {"/features", Json::array()},
           {"/features/0/name", "length"},
           {"/features/0/name", "cosine"},
           {"/features/0/name", 3},
           {"/features/0/scale", 0},
           {"/features/0/scale", -1},
           {"/features/0/mean", "0"},
           {"/features/0/unit", "s"},
           {"/linear/weights", {1.0}},
           {"/linear/weights", {1.0, 2.0, 3.0}},
           {"/linear/bias", nullptr},
           {"/linear/bias", std::numeric_limits<double>::infinity()},
           {"/boosted", boosted["boosted"]}}) {
    CAPTURE(wrong.first);
    CHECK(refused(changed(linear, wrong.first, wrong.second)));
  }
  for (const auto& wrong : std::vector<std::pair<const char*, Json>>{
           {"/boosted/trees", Json::array()},
           {"/boosted/trees/0/left/0", 0},    // leads to itself
           {"/boosted/trees/0/right/0", 3},   // leads out of the tree
           {"/boosted/trees/0/left/0", 1.0},  // no whole number
           {"/boosted/trees/0/feature/0", 2},
           {"/boosted/trees/0/feature/0", -2},
           {"/boosted/trees/0/value", {1.0}},
           {"/boosted/trees/1/feature", Json::array()},
           {"/boosted/trees/1/depth", 1}}) {
    CAPTURE(wrong.first);
    CHECK(refused(changed(boosted, wrong.first, wrong.second)));
  }
  CHECK(refused(Json::array()));
  CHECK(refused(nullptr));
}

TEST_CASE("rerank: features come from the vectors, the words and what the tenant holds") {
  StoreFixture fixture;
  const auto vectors = random_vectors(3, 5);
  const auto atoms = fixture.put(vectors);
  {
    hart::store::WriteTransaction transaction{fixture.store()};
    hart::store::CatalogWriter writer{fixture.store()};
    writer.hold_atom(atoms[1], hart::store::Modality::text, "word");
    fixture.store()
        .db()
        .prepare("UPDATE tenant_atom SET importance = 0.75 WHERE atom_id = ?1",
                 hart::store::Scope::owner)
        .run(atoms[1]);
    transaction.commit();
  }
  Query query;
  query.text = "dog";
  query.vector = vectors[0];
  query.model = fixture.model();
  const std::vector<Hit> hits{{atoms[0], 1, std::nullopt}, {atoms[1], 0.5, std::nullopt}};
  const std::vector<FusedAtom> words{{atoms[1], 2.5}};
  const auto features = rerank_features(fixture.store(), query, hits, words);
  REQUIRE(features.size() == 2);
  CHECK(features[0][RerankFeature::cosine] == doctest::Approx(1));
  CHECK(features[0][RerankFeature::bm25] == 0);
  CHECK(features[1][RerankFeature::bm25] == 2.5);
  CHECK(features[0][RerankFeature::reference_count] == doctest::Approx(std::log(2.0)));
  CHECK(features[1][RerankFeature::reference_count] == doctest::Approx(std::log(3.0)));
  CHECK(std::isnan(features[0][RerankFeature::importance]));
  CHECK(features[1][RerankFeature::importance] == 0.75);
  CHECK(std::isnan(features[0][RerankFeature::spatial_distance]));
  CHECK(std::isnan(features[0][RerankFeature::recency]));
}

TEST_CASE("rerank: orders more than k hits, keeps k, and a record finds the model again") {
  StoreFixture fixture;
  const auto vectors = random_vectors(40, 6);
  fixture.put(vectors);
  Query query;
  query.vector = vectors[0];
  query.model = fixture.model();
  query.k = 5;
  query.candidates = 20;
  query.strategy = Strategy::exact;
  const auto plain = search(fixture.store(), query);

  // The lower the cosine the better: the last of the candidates come first.
  const std::string path = fixture.path("rerank.json");
  Json document = linear_document();
  document["features"] = {{{"name", "cosine"}, {"mean", 0.0}, {"scale", 1.0}}};
  document["linear"] = {{"weights", {-1.0}}, {"bias", 0.0}};
  std::ofstream{path} << hart::dump_json(document);
  query.rerank = RerankModel::load(path);
  const auto result = search(fixture.store(), query);
  REQUIRE(result.hits.size() == 5);
  query.rerank = nullptr;
  query.k = 20;
  const auto deep = search(fixture.store(), query);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(result.hits[i].atom_id == deep.hits[19 - i].atom_id);
  CHECK(result.explain.rerank->hits == 20);
  CHECK(plain.hits[0].atom_id == deep.hits[0].atom_id);

  query.rerank = RerankModel::load(path);
  const auto record = query_record(query, result, 1, 0);
  CHECK(recorded_query(fixture.store(), record).rerank->content() == query.rerank->content());
  std::ofstream{path} << hart::dump_json(linear_document());
  CHECK_THROWS_AS((void)recorded_query(fixture.store(), record), Error);
  std::filesystem::remove(path);
  CHECK_THROWS_AS((void)recorded_query(fixture.store(), record), Error);
}

}  // namespace
