#include "search/facets.h"

#include <doctest/doctest.h>

#include "../index/store_fixture.h"
#include "core/error.h"
#include "search/search.h"

namespace {

using hart::Error;
using namespace hart::search;

/// Objects of one atom each, with these metadata; the last atom is in no object.
std::vector<Hit> put_objects(StoreFixture& fixture, const std::vector<hart::Json>& metadata) {
  hart::store::WriteTransaction transaction{fixture.store()};
  hart::store::CatalogWriter writer{fixture.store()};
  std::vector<Hit> hits;
  for (std::size_t i = 0; i <= metadata.size(); ++i) {
    hits.push_back({StoreFixture::put_leaf(writer, "f" + std::to_string(i)), 1, std::nullopt});
    if (i == metadata.size()) break;
    hart::store::CatalogWriter::NewObject object;
    object.name = "n" + std::to_string(i);
    object.atom_id = hits.back().atom_id;
    object.kind = "document";
    object.subtype = i == 0 ? "markdown" : "plain";
    object.atomizer = "text/1";
    object.metadata = metadata[i];
    writer.put_object(object);
  }
  transaction.commit();
  return hits;
}

std::string shown(const std::vector<Facet>& facets) {
  std::string text;
  for (const Facet& facet : facets)
    text += facet.field + "=" + hart::dump_json(facet.value) + ":" +
            std::to_string(facet.count) + " ";
  return text;
}

TEST_CASE("facets: values are counted, the most frequent first, ties by their text") {
  StoreFixture fixture;
  const auto hits = put_objects(
      fixture, {{{"lang", "en"}}, {{"lang", "de"}}, {{"lang", "en"}}, {{"lang", 5}}});
  CHECK(shown(count_facets(fixture.store(), std::vector<std::string>{"metadata.lang"}, hits)) ==
        "metadata.lang=\"en\":2 metadata.lang=\"de\":1 metadata.lang=5:1 "
        "metadata.lang=null:1 ");
  CHECK(shown(count_facets(fixture.store(),
                           std::vector<std::string>{"subtype", "kind", "modality"}, hits)) ==
        "subtype=\"plain\":3 subtype=\"markdown\":1 subtype=null:1 "
        "kind=\"document\":4 kind=null:1 modality=\"text\":5 ");
  const auto months =
      count_facets(fixture.store(), std::vector<std::string>{"month"}, {hits.data(), 2});
  REQUIRE(months.size() == 1);
  CHECK(months[0].count == 2);
  CHECK(months[0].value.get<std::string>().size() == 7);
}

TEST_CASE("facets: an array counts for each of its elements once, an object for none") {
  StoreFixture fixture;
  const auto hits = put_objects(fixture, {{{"tags", {"a", "b", "a"}}},
                                          {{"tags", {"b"}}},
                                          {{"tags", hart::Json::array()}},
                                          {{"tags", {{"x", 1}}}},
                                          {{"a.b", 1}, {"a", {{"b", 2}}}},
                                          {{"a", {{"b", 2}}}}});
  const std::vector<Hit> tagged{hits.begin(), hits.begin() + 4};
  CHECK(
      shown(count_facets(fixture.store(), std::vector<std::string>{"metadata.tags"}, tagged)) ==
      "metadata.tags=\"b\":2 metadata.tags=null:2 metadata.tags=\"a\":1 ");
  const std::vector<Hit> nested{hits.begin() + 4, hits.begin() + 6};
  CHECK(shown(count_facets(fixture.store(), std::vector<std::string>{"metadata.a.b"},
                           nested)) == "metadata.a.b=1:1 metadata.a.b=2:1 ");
}

TEST_CASE("facets: they are counted over the candidates, not over the k that are kept") {
  StoreFixture fixture;
  const auto vectors = random_vectors(30, 3);
  fixture.put(vectors);
  Query query;
  query.vector = vectors[0];
  query.model = fixture.model();
  query.k = 2;
  query.candidates = 20;
  query.facets = {"modality"};
  const auto result = search(fixture.store(), query);
  CHECK(result.hits.size() == 2);
  REQUIRE(result.facets.size() == 1);
  CHECK(result.facets[0].count == 20);
}

TEST_CASE("facets: only fields that there are, each once") {
  CHECK(parse_facets("month,metadata.a.b") ==
        std::vector<std::string>{"month", "metadata.a.b"});
  for (const char* text : {"", "size", "metadata.", "kind,", "kind,kind", " kind"}) {
    CAPTURE(text);
    CHECK_THROWS_AS((void)parse_facets(text), Error);
  }
}

}  // namespace
