#include "store/history.h"

#include <doctest/doctest.h>

#include "faults.h"
#include "model_fixture.h"
#include "store/collect.h"
#include "store/importance.h"
#include "store/restore.h"
#include "store/snapshot.h"

namespace hart::store {
namespace {

using test::add_document;
using test::add_model;
using test::content_of;
using test::fault_of;
using test::instant;
using test::kCatalogOnly;
using test::remove_named;

std::string story(const std::vector<Change>& changes) {
  std::string text;
  for (const Change& change : changes) {
    text += std::string{change_name(change.what)};
    if (change.version != 0) text += " " + std::to_string(change.version);
    if (!change.snapshot.empty()) text += " " + change.snapshot;
    text += "; ";
  }
  return text;
}

Restored restore(Store& store, const ObjectVersion& then) {
  WriteTransaction transaction{store};
  Restored restored = restore_version(store, then, std::string{kRollbackScheme} + then.label());
  transaction.commit();
  return restored;
}

TEST_CASE("history: an object's versions, snapshots, removals and restorations in order") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_model(store, {"m", {{"w", "one"}}, {}, {}});
  {
    WriteTransaction transaction{store};
    (void)create_snapshot(store, "kept", newest_models(store));
    transaction.commit();
  }
  add_model(store, {"m", {{"w", "two"}}, {}, {}});
  const TimeUs before_removal = instant(store);
  remove_named(store, "m@2");
  (void)restore(store, *version_at(store, "m", before_removal));
  CHECK(story(history_of(store, "m")) ==
        "added 1; snapshot 1 kept; added 2; removed 2; restored 2; ");
  CHECK(story(history_of(store, "m@1")) == "added 1; snapshot 1 kept; ");
  CHECK(story(history_of(store, "m", before_removal)) == "added 1; snapshot 1 kept; added 2; ");
  const auto changes = history_of(store, "m");
  for (std::size_t i = 1; i < changes.size(); ++i) CHECK(changes[i - 1].time < changes[i].time);
  CHECK(changes.back().source == "rollback:m@2");
  // By the content's id, wholly or in part, whatever the object is called.
  const std::string id = resolve_object(store, "m@1").atom.text();
  CHECK(story(history_of(store, id)) == "added 1; snapshot 1 kept; ");
  CHECK(story(history_of(store, id.substr(7, 12))) == "added 1; snapshot 1 kept; ");
}

TEST_CASE("history: a name that is gone is remembered, an unknown one is not found") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"word"}, {}, {}});
  const std::string id = resolve_object(store, "one").atom.text();
  remove_named(store, "one");
  CHECK(story(history_of(store, "one")) == "added 1; removed 1; ");
  CHECK(story(history_of(store, id)) == "added 1; removed 1; ");
  CHECK(fault_of([&] { (void)history_of(store, "unknown"); }) == Fault::no_input);
  CHECK(fault_of([&] { (void)history_of(store, "00000000"); }) == Fault::no_input);
  scratch.add_tenant("other");
  Store other = scratch.open("other");
  CHECK(fault_of([&] { (void)history_of(other, "one"); }) == Fault::no_input);
  CHECK(fault_of([&] { (void)history_of(other, id); }) == Fault::no_input);
}

TEST_CASE("history: an atom comes, goes, and changes its importance and access level") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"word"}, {}, {}});
  const auto change = [&](const std::string& what) {
    WriteTransaction transaction{store};
    (void)store.now();
    store.db().exec("UPDATE tenant_atom SET " + what);
    transaction.commit();
  };
  change("importance = 0.5");
  change("access_level = 'none'");
  change("access_level = 'read'");
  remove_named(store, "one");
  add_document(store, {"one", {"word"}, {}, {}});
  const auto changes = history_of(store, content_of("word").text());
  REQUIRE(story(changes) == "held; importance; access; access; released; held; ");
  CHECK_FALSE(changes[1].importance_before);
  CHECK(changes[1].importance == 0.5);
  CHECK(changes[2].access_level_before == "read");
  CHECK(changes[2].access_level == "none");
  CHECK(fault_of([&] {
          scratch.add_tenant("other");
          Store other = scratch.open("other");
          (void)history_of(other, content_of("word").text());
        }) == Fault::no_input);
}

TEST_CASE("history: a model's tensors and layers tell when their importance changed") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_model(store, {"m", {{"w", "weights"}}, {}, {}});
  const Object model = resolve_object(store, "m");
  const auto tensor = find_atom(store, test::tensor_id("weights"))->atom_id;
  for (const double importance : {0.25, 0.5}) {
    WriteTransaction transaction{store};
    (void)put_importance(
        store, model.structure_id,
        {ImportanceMethod::magnitude, {{0, tensor, importance}}, {{0, 1.0}}, true});
    transaction.commit();
  }
  {
    WriteTransaction transaction{store};
    (void)put_importance(store, model.structure_id,
                         {ImportanceMethod::magnitude, {}, {}, true});
    transaction.commit();
  }
  const auto changes = history_of(store, "m");
  std::string told;
  for (const Change& change : changes) {
    if (change.what != Change::What::importance) continue;
    told += change.tensor + change.layer;
    told += change.importance_before ? " " + std::to_string(*change.importance_before) : " -";
    told += change.importance ? " " + std::to_string(*change.importance) : " -";
    told += "\n";
  }
  CHECK(told ==
        "blk.0.w - 0.250000\nblk.0 - 1.000000\nblk.0.w 0.250000 0.500000\n"
        "blk.0.w 0.500000 -\nblk.0 1.000000 -\n");
}

TEST_CASE("version_at: the newest of an instant, removed since or not") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  const TimeUs before = instant(store);
  add_document(store, {"one", {"first"}, {}, {}});
  const TimeUs first = instant(store);
  add_document(store, {"one", {"second"}, {}, {}});
  const TimeUs second = instant(store);
  remove_named(store, "one@1");
  remove_named(store, "one@2");
  CHECK_FALSE(version_at(store, "one", before));
  CHECK(version_at(store, "one", first)->version == 1);
  CHECK(version_at(store, "one", second)->version == 2);
  CHECK_FALSE(version_at(store, "one", instant(store)));
  CHECK_FALSE(version_at(store, "two", second));
}

TEST_CASE("restore: a version comes back with content, metadata and tag, and only once") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"first", " ", "text"}, "v1", {{"lang", "en"}}});
  const TimeUs time = instant(store);
  add_document(store, {"one", {"second"}, {}, {}});
  const auto then = version_at(store, "one", time);
  REQUIRE(then);
  CHECK_FALSE(plan_restore(store, *then).unchanged);
  const Restored restored = restore(store, *then);
  CHECK(restored.version == 3);
  CHECK_FALSE(restored.unchanged);
  CHECK(restored.revived.empty());
  const Object now = resolve_object(store, "one");
  CHECK(now.version == 3);
  CHECK(now.version_tag == "v1");
  CHECK(now.metadata == Json{{"lang", "en"}});
  CHECK(atom_text(store, now.structure_id) == "first text");
  CHECK(test::holders_of(store, content_of("first")) == 2);
  CHECK(plan_restore(store, *then).unchanged);
  const Restored again = restore(store, *then);
  CHECK(again.unchanged);
  CHECK(again.version == 3);
  CHECK(test::holders_of(store, content_of("first")) == 2);
}

TEST_CASE("restore: what was let go of is taken up again, and counts as it would have") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_model(store, {"m", {{"a", "shared"}, {"b", "own"}}, {}, {}});
  const TimeUs time = instant(store);
  add_model(store, {"n", {{"a", "shared"}}, {}, {}});
  remove_named(store, "m");
  CHECK(test::holders_of(store, test::tensor_id("own")) == 0);
  const Restored restored = restore(store, *version_at(store, "m", time));
  CHECK(restored.version == 1);
  CHECK(restored.revived.size() == 4);  // file, structure, layer, "own"
  CHECK(test::holders_of(store, test::tensor_id("own")) == 1);
  CHECK(test::holders_of(store, test::tensor_id("shared")) == 2);
  Statement kind = store.db().prepare(
      "SELECT modality, subtype FROM my_tenant_atom"
      " WHERE atom_id = ?");
  REQUIRE(kind.with(find_atom(store, test::tensor_id("own"))->atom_id).step());
  CHECK(kind.integer(0) == static_cast<std::int64_t>(Modality::tensor));
  CHECK(kind.text(1) == "f32");
  kind.reset();
  remove_named(store, "m");
  remove_named(store, "n");
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_atom") == 0);
}

TEST_CASE("restore: content that was collected is named, and another's copy is no help") {
  const test::ScratchStore scratch{kCatalogOnly};
  std::optional<Store> store{scratch.open()};
  add_document(*store, {"one", {"first"}, {}, {}});
  const TimeUs time = instant(*store);
  const Id content = resolve_object(*store, "one").atom;
  remove_named(*store, "one");
  REQUIRE(collect(*store, {}).atoms > 0);
  const auto refused = [&] {
    const auto then = version_at(*store, "one", time);
    REQUIRE(then);
    try {
      (void)plan_restore(*store, *then);
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::no_input);
      return std::string{error.what()};
    }
    return std::string{};
  };
  const std::string message = refused();
  CHECK(message.find("one@1: ") == 0);
  CHECK(message.find(content.text()) != std::string::npos);
  scratch.add_tenant("other");
  Store other = scratch.open("other");
  add_document(other, {"copy", {"first"}, {}, {}});
  CHECK(refused() == message);
  // Its own copy is.
  add_document(*store, {"again", {"first"}, {}, {}});
  CHECK(refused().empty());
  CHECK(restore(*store, *version_at(*store, "one", time)).version == 1);
  CHECK(test::holders_of(*store, content) == 2);
}

}  // namespace
}  // namespace hart::store
