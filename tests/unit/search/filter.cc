#include "search/filter.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "../index/store_fixture.h"
#include "core/error.h"
#include "search/where_sql.h"
#include "store/relation.h"

namespace {

using hart::Error;
using namespace hart::search;
using hart::store::CatalogWriter;
using hart::store::Modality;

/// Objects whose content is a leaf of their name; what a test asks about stands in them.
struct Library {
  StoreFixture fixture;
  std::vector<std::string> names;
  std::vector<std::int64_t> atoms;

  void add(const std::string& name, const hart::Json& metadata,
           Modality modality = Modality::text) {
    hart::store::WriteTransaction transaction{fixture.store()};
    CatalogWriter writer{fixture.store()};
    const std::int64_t atom = StoreFixture::put_leaf(writer, name);
    CatalogWriter::NewObject object;
    object.name = name;
    object.atom_id = atom;
    object.kind = modality == Modality::text ? "document" : "model";
    object.modality = modality;
    object.subtype = "plain";
    object.atomizer = "text/1";
    object.metadata = metadata;
    writer.put_object(object);
    transaction.commit();
    names.push_back(name);
    atoms.push_back(atom);
  }

  /// The names of the objects that an expression is true of.
  std::string found(const std::string& where) {
    Filter filter;
    filter.where = parse_where(where);
    const auto admitted = admitted_atoms(fixture.store(), filter, std::nullopt);
    std::string text;
    for (std::size_t i = 0; i < atoms.size(); ++i)
      if (admitted.contains(atoms[i])) text += (text.empty() ? "" : " ") + names[i];
    return text;
  }
};

struct FilledLibrary : Library {
  FilledLibrary() {
    add("one", {{"lang", "en"}, {"pages", 7}, {"tags", {"a", "b", 3}}});
    add("two", {{"lang", "de"}, {"pages", 12.5}, {"draft", true}, {"by", nullptr}});
    add("three", {{"pages", "many"}, {"deep", {{"list", {10, 20}}}}});
    add("x-four", hart::Json::object(), Modality::model);
  }
};

TEST_CASE("where: comparisons hold for values of their own type alone") {
  FilledLibrary library;
  CHECK(library.found("metadata.lang = \"en\"") == "one");
  CHECK(library.found("metadata.lang != \"en\"") == "two");
  CHECK(library.found("not metadata.lang = \"en\"") == "two three x-four");
  CHECK(library.found("metadata.pages > 7") == "two");
  CHECK(library.found("metadata.pages >= 7") == "one two");
  CHECK(library.found("metadata.pages < \"z\"") == "three");
  CHECK(library.found("metadata.pages = 12.5 or metadata.pages = 7.0") == "one two");
  CHECK(library.found("metadata.draft = true") == "two");
  CHECK(library.found("metadata.draft != false") == "two");
  CHECK(library.found("metadata.draft = 1") == "");
  CHECK(library.found("metadata.by = null") == "two");
  CHECK(library.found("exists metadata.by") == "two");
  CHECK(library.found("metadata.lang != null") == "one two");
  CHECK(library.found("metadata.deep.list[1] = 20") == "three");
  CHECK(library.found("metadata.tags contains \"b\"") == "one");
  CHECK(library.found("metadata.tags contains 3 and not metadata.tags contains \"3\"") ==
        "one");
  CHECK(library.found("metadata.lang contains \"en\"") == "");
  CHECK(library.found("metadata.pages in (12.5, \"many\")") == "two three");
  CHECK(library.found("metadata.lang like \"E_\"") == "one");
}

TEST_CASE("where: the fields of an object, and how conditions join") {
  FilledLibrary library;
  CHECK(library.found("name ~ \"t*\"") == "two three");
  CHECK(library.found("name ~ \"T*\"") == "");
  CHECK(library.found("name like \"T%\"") == "two three");
  CHECK(library.found("modality = \"model\"") == "x-four");
  CHECK(library.found("modality != \"model\" and kind = \"document\"") == "one two three");
  CHECK(library.found("name in ('one', 'x-four') or metadata.draft = true and version = 1") ==
        "one two x-four");
  CHECK(library.found("(name in ('one', 'x-four') or metadata.draft = true) and size < 4") ==
        "one two");
  CHECK(library.found("version > 1 or exists tag or exists importance") == "");
  CHECK(library.found("created >= \"2020-01-01\" and created < \"2021-01-01\"") == "");
  CHECK(library.found("created >= \"2020-01-01\"") == "one two three x-four");
}

TEST_CASE("where: what looks like SQL is a value") {
  FilledLibrary library;
  CHECK(library.found("name = \"one' OR 1=1 --\"") == "");
  CHECK(library.found("metadata.\"x') OR 1=1 --\" = 1") == "");
  CHECK(library.found("name = \"?1\" or name ~ \"*[\"") == "");
}

TEST_CASE("where: the deepest and widest expression that parses can be evaluated") {
  FilledLibrary library;
  // Each level: a condition, `or`, a condition, `and`, and what SQLite keeps open below.
  std::string deep = "metadata.a = 1";
  for (std::size_t i = 1; i < kMaxWhereDepth; ++i)
    deep = "name = \"no\" or version = 1 and (" + deep + ")";
  CHECK(library.found(deep) == "");
  std::string negated = "metadata.tags contains 3";
  for (std::size_t i = 1; i + 2 <= kMaxWhereDepth; i += 2)
    negated = "version = 1 and not (version = 1 and " + negated + ")";
  CHECK_NOTHROW((void)library.found(negated));
  std::string wide = "version = 1";
  while (std::count(wide.begin(), wide.end(), '=') * 2 + 2 <=
         static_cast<std::ptrdiff_t>(kMaxWhereValues))
    wide += " and version = 1";
  CHECK(library.found(wide) == "one two three x-four");
}

TEST_CASE("filter: conditions are joined by and") {
  FilledLibrary library;
  Filter filter;
  filter.where = parse_where("metadata.pages >= 7");
  filter.modality = Modality::code;
  CHECK(admitted_atoms(library.fixture.store(), filter, std::nullopt).size() == 0);
  filter.modality = Modality::text;
  CHECK(admitted_atoms(library.fixture.store(), filter, std::nullopt).size() == 2);
}

TEST_CASE("filter: a neighbourhood is the atom and what edges of its types reach either way") {
  FilledLibrary library;
  auto& store = library.fixture.store();
  const auto& atoms = library.atoms;
  {
    hart::store::WriteTransaction transaction{store};
    hart::store::RelationWriter edges{store};
    edges.put(atoms[1], atoms[0], "cites", 1);
    edges.put(atoms[1], atoms[2], "cites", 1);
    edges.put(atoms[2], atoms[3], "mentions", 1);
    transaction.commit();
  }
  const auto near = [&](std::size_t hops, const std::vector<std::string>& types) {
    Filter filter;
    filter.near = Neighbourhood{atoms[0], hops, types};
    const auto admitted = admitted_atoms(store, filter, std::nullopt);
    return std::vector<std::int64_t>{admitted.ids().begin(), admitted.ids().end()};
  };
  CHECK(near(1, {}) == std::vector{atoms[0], atoms[1]});
  CHECK(near(2, {}) == std::vector{atoms[0], atoms[1], atoms[2]});
  CHECK(near(3, {}) == atoms);
  CHECK(near(3, {"cites"}) == std::vector{atoms[0], atoms[1], atoms[2]});
  CHECK(near(3, {"mentions"}) == std::vector{atoms[0]});
}

TEST_CASE("filter: a place in the map needs a model") {
  FilledLibrary library;
  Filter filter;
  filter.spatial.box = parse_box("x=0:1");
  CHECK_THROWS_AS((void)admitted_atoms(library.fixture.store(), filter, std::nullopt), Error);
}

TEST_CASE("filter: what is written of it reads as the same, and differs for another") {
  Filter filter;
  filter.modality = Modality::code;
  filter.since = 5;
  filter.until = 7;
  filter.where = parse_where("metadata.lang = 'en' or version > 2");
  filter.spatial.box = parse_box("x=-1:0.1 z=0.30000000000000004:");
  filter.spatial.centre = parse_point("1,2,3");
  filter.spatial.radius = 0.5;
  filter.near = Neighbourhood{17, 3, {"cites"}};
  const hart::Json written = filter_json(filter);
  CHECK(filter_json(filter_from_json(written)) == written);
  CHECK(filter_json(filter_from_json(hart::parse_json(hart::dump_json(written), "filter"))) ==
        written);
  filter.near->hops = 4;
  CHECK(filter_json(filter) != written);
  for (const char* broken :
       {R"({"modality":"smell"})", R"({"where":"name ="})", R"({"since":"soon"})",
        R"({"spatial":{"min":[1],"max":[2]}})", R"({"near":{"atom":1}})"}) {
    CAPTURE(broken);
    CHECK_THROWS_AS((void)filter_from_json(hart::parse_json(broken, "filter")), Error);
  }
}

}  // namespace
