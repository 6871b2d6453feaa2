#include "store/relation.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "crypto/sha256.h"
#include "faults.h"
#include "sound_document.h"
#include "store/collect.h"
#include "store/embedding.h"
#include "store/erase.h"
#include "store/fsck.h"

namespace hart::store {
namespace {

using test::add_sound_document;
using test::count_rows;
using test::fault_of;
using test::kLifecycleModules;
using test::problems;
using test::remove_document;
using test::ScratchStore;
using test::words_of;

std::int64_t atom_of(Store& store, const std::string& word) {
  const auto atom = find_atom(store, {IdSpace::content, crypto::sha256(as_bytes(word))});
  return atom ? atom->atom_id : 0;
}

/// Two documents, "a" and "b", of four words each; the first three words of each.
struct Words {
  explicit Words(Store& store) {
    const auto first = words_of("a", 4);
    const auto second = words_of("b", 4);
    add_sound_document(store, "a", first);
    add_sound_document(store, "b", second);
    for (std::size_t i = 0; i < 3; ++i) {
      a.push_back(atom_of(store, first[i]));
      b.push_back(atom_of(store, second[i]));
      REQUIRE(a.back() > 0);
      REQUIRE(b.back() > 0);
    }
  }
  std::vector<std::int64_t> a, b;
};

PutRelation put(Store& store, std::int64_t source, std::int64_t target, const std::string& type,
                double weight = 1) {
  WriteTransaction transaction{store};
  const PutRelation outcome = RelationWriter{store}.put(source, target, type, weight);
  transaction.commit();
  return outcome;
}

void place(Store& store, const EmbeddingModel& model, std::int64_t atom_id,
           const geometry::PointZM& point) {
  const std::vector<float> vector(static_cast<std::size_t>(model.dims), 1.0F);
  const std::int64_t id = put_embedding(store, model, atom_id, vector);
  EmbeddingPlacer{store}.place(id, point, 0);
}

std::vector<Relation> all_of(Store& store, const RelationFilter& filter = {}) {
  std::vector<Relation> relations;
  for_each_relation(store, filter, [&](const Relation& edge) { relations.push_back(edge); });
  return relations;
}

TEST_CASE("relation: source, type and target name an edge; putting it again sets its weight") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  const Words words{store};
  CHECK(put(store, words.a[0], words.b[0], "near", 0.5) == PutRelation::added);
  const TimeUs created = find_relation(store, words.a[0], words.b[0], "near")->created;
  CHECK(put(store, words.a[0], words.b[0], "near", 0.5) == PutRelation::unchanged);
  CHECK(put(store, words.a[0], words.b[0], "near", 2) == PutRelation::changed);
  CHECK(put(store, words.a[0], words.b[0], "far", 0.5) == PutRelation::added);
  CHECK(put(store, words.b[0], words.a[0], "near", 0.5) == PutRelation::added);
  CHECK(all_of(store).size() == 3);
  const auto edge = find_relation(store, words.a[0], words.b[0], "near");
  REQUIRE(edge);
  CHECK(edge->weight == 2);
  CHECK(edge->created == created);
  CHECK_FALSE(edge->ends);
}

TEST_CASE("relation: a filter keeps the edges of one source, one target, one type") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  const Words words{store};
  put(store, words.a[0], words.a[1], "x");
  put(store, words.a[0], words.a[2], "y");
  put(store, words.a[1], words.a[2], "y");
  CHECK(all_of(store, {words.a[0], {}, {}}).size() == 2);
  CHECK(all_of(store, {{}, words.a[2], {}}).size() == 2);
  CHECK(all_of(store, {{}, {}, "x"}).size() == 1);
  CHECK(all_of(store, {words.a[0], words.a[2], "y"}).size() == 1);
  CHECK(all_of(store, {words.a[2], {}, {}}).empty());
}

TEST_CASE("relation: a removed edge is gone, and removing it again says so") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  const Words words{store};
  put(store, words.a[0], words.b[0], "near");
  WriteTransaction transaction{store};
  RelationWriter writer{store};
  CHECK_FALSE(writer.remove(words.b[0], words.a[0], "near"));
  CHECK_FALSE(writer.remove(words.a[0], words.b[0], "far"));
  CHECK(writer.remove(words.a[0], words.b[0], "near"));
  CHECK_FALSE(writer.remove(words.a[0], words.b[0], "near"));
  transaction.commit();
  CHECK(all_of(store).empty());
}

TEST_CASE("relation: types of 1 to 128 characters and weights above 0 are taken, no others") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  const Words words{store};
  std::string longest;
  for (int i = 0; i < 128; ++i) longest += "ü";
  const auto outcome = [&](const std::string& type, double weight) {
    return fault_of([&] { put(store, words.a[0], words.b[0], type, weight); });
  };
  CHECK_FALSE(outcome(longest, 1));
  CHECK_FALSE(outcome("x", 5e-324));
  CHECK(outcome(longest + "x", 1) == Fault::data);
  CHECK(outcome("", 1) == Fault::data);
  CHECK(outcome("a\nb", 1) == Fault::data);
  for (const double weight : {0.0, -1.0, HUGE_VAL, std::nan("")})
    CHECK(outcome("x", weight) == Fault::data);
  CHECK(all_of(store).size() == 2);
}

TEST_CASE("relation: both ends must be held by the tenant that relates them") {
  const ScratchStore scratch{kLifecycleModules};
  scratch.add_tenant("other");
  Store store = scratch.open();
  const Words words{store};
  Store other = scratch.open("other");
  add_sound_document(other, "a", words_of("a", 4));
  CHECK(fault_of([&] { put(other, words.a[0], words.b[0], "near"); }) == Fault::no_input);
  CHECK(fault_of([&] { put(other, words.b[0], words.a[0], "near"); }) == Fault::no_input);
  CHECK(fault_of([&] { put(store, words.a[0], 999'999, "near"); }) == Fault::no_input);
  put(store, words.a[0], words.a[1], "near");
  put(other, words.a[0], words.a[2], "near");
  REQUIRE(all_of(store).size() == 1);
  REQUIRE(all_of(other).size() == 1);
  CHECK(all_of(store)[0].target_atom_id == words.a[1]);
  CHECK(all_of(other)[0].target_atom_id == words.a[2]);
}

TEST_CASE("relation: an edge lies from place to place of the first model that has both") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  const Words words{store};
  {
    WriteTransaction transaction{store};
    const auto old = ensure_embedding_model(store, "old", {IdSpace::content, {1}}, 4);
    const auto young = ensure_embedding_model(store, "young", {IdSpace::content, {2}}, 4);
    place(store, old, words.a[0], {1, 2, 3, 4});
    place(store, old, words.a[1], {5, 6, 7, 8});
    for (std::size_t i = 0; i < 3; ++i) place(store, young, words.a[i], {9, 9, 9, double(i)});
    transaction.commit();
  }
  put(store, words.a[0], words.a[1], "near");
  put(store, words.a[0], words.a[2], "near");
  put(store, words.a[0], words.b[0], "near");
  const auto in_both = find_relation(store, words.a[0], words.a[1], "near")->ends;
  REQUIRE(in_both);
  CHECK((*in_both)[0] == geometry::PointZM{1, 2, 3, 4});
  CHECK((*in_both)[1] == geometry::PointZM{5, 6, 7, 8});
  const auto in_young = find_relation(store, words.a[0], words.a[2], "near")->ends;
  REQUIRE(in_young);
  CHECK((*in_young)[0] == geometry::PointZM{9, 9, 9, 0});
  CHECK((*in_young)[1] == geometry::PointZM{9, 9, 9, 2});
  CHECK_FALSE(find_relation(store, words.a[0], words.b[0], "near")->ends);
  CHECK(problems(store).empty());
}

TEST_CASE("relation: what a removed document alone held takes its edges with it, in gc too") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  const Words words{store};
  add_sound_document(store, "a again", words_of("a", 4));
  put(store, words.a[0], words.a[1], "near");
  put(store, words.a[0], words.b[0], "near");
  put(store, words.b[0], words.a[0], "near");
  put(store, words.b[1], words.b[2], "near");
  remove_document(store, "a again");
  CHECK(all_of(store).size() == 4);
  remove_document(store, "b");
  REQUIRE(all_of(store).size() == 1);
  CHECK(all_of(store)[0].target_atom_id == words.a[1]);
  static_cast<void>(collect(store, {}));
  CHECK(all_of(store).size() == 1);
  CHECK(atom_of(store, words_of("a", 1)[0]) == words.a[0]);
  CHECK(problems(store).empty());
}

TEST_CASE("relation: erasing an object or a tenant leaves none of its edges") {
  const ScratchStore scratch{kLifecycleModules};
  scratch.add_tenant("other");
  Store store = scratch.open();
  const Words words{store};
  Store other = scratch.open("other");
  add_sound_document(other, "a", words_of("a", 4));
  put(store, words.a[0], words.a[1], "near");
  put(store, words.b[0], words.a[0], "near");
  put(store, words.b[0], words.b[1], "near");
  put(other, words.a[0], words.a[1], "near");
  const std::string name = "a";
  static_cast<void>(erase_objects(store, {&name, 1}, {}));
  REQUIRE(all_of(store).size() == 1);
  CHECK(all_of(store)[0].source_atom_id == words.b[0]);
  CHECK(all_of(other).size() == 1);
  static_cast<void>(erase_tenant(store, {}));
  CHECK(all_of(store).empty());
  CHECK(all_of(other).size() == 1);
  CHECK(count_rows(store, "atom_relation") == 1);
  CHECK(problems(store).empty());
}

TEST_CASE(
    "relation: fsck finds an edge without its atom, a broken line, and drops the former") {
  const ScratchStore scratch{kLifecycleModules};
  {
    Store store = scratch.open();
    const Words words{store};
    put(store, words.a[0], words.a[1], "near");
    put(store, words.b[0], words.b[1], "near");
    CHECK(problems(store).empty());
    REQUIRE(scratch
                .tamper("DROP TRIGGER atom_relation_ended;"
                        "INSERT INTO atom_relation SELECT tenant_id, source_atom_id,"
                        " 'stray', " +
                        std::to_string(words.b[2]) +
                        ", 1, NULL, 1 FROM atom_relation WHERE source_atom_id = " +
                        std::to_string(words.a[0]))
                .empty());
  }
  {
    Store store = scratch.open();
    remove_document(store, "b");
    CHECK(problems(store).find("an edge of type stray") != std::string::npos);
    CHECK(problems(store).find("an edge of type near") != std::string::npos);
    FsckOptions options;
    options.repair = true;
    static_cast<void>(fsck(store, options, [](const Finding&) {}));
    CHECK(problems(store).empty());
    CHECK(all_of(store).size() == 1);
  }
  REQUIRE(scratch.tamper("UPDATE atom_relation SET spatial_expression = x'00'").empty());
  Store store = scratch.open();
  CHECK(problems(store).find("atom_relation.spatial_expression") != std::string::npos);
}

TEST_CASE("relation: the past has the edges that had been put by then") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  const Words words{store};
  put(store, words.a[0], words.a[1], "early");
  const TimeUs early = all_of(store)[0].created;
  put(store, words.a[0], words.a[1], "late");
  const TimeUs late = find_relation(store, words.a[0], words.a[1], "late")->created;
  REQUIRE(late > early);
  for (const auto& [time, count] :
       {std::pair{early - 1, 0U}, {early, 1U}, {late - 1, 1U}, {late, 2U}}) {
    Store past{{scratch.directory(), "default", 10'000, false, time}};
    CHECK(all_of(past).size() == count);
  }
}

}  // namespace
}  // namespace hart::store
