#include "store/snapshot.h"

#include <doctest/doctest.h>

#include "faults.h"
#include "model_fixture.h"
#include "store/collect.h"
#include "store/extent_reader.h"
#include "store/restore.h"
#include "store/retention.h"

namespace hart::store {
namespace {

using test::add_document;
using test::add_model;
using test::fault_of;
using test::holders_of;
using test::kCatalogOnly;
using test::remove_named;
using test::tensor_id;

CreatedSnapshot create(Store& store, const std::string& name,
                       const std::vector<std::string>& references = {}) {
  WriteTransaction transaction{store};
  std::vector<Object> objects;
  if (references.empty()) objects = newest_models(store);
  for (const std::string& reference : references)
    objects.push_back(resolve_object(store, reference));
  CreatedSnapshot created = create_snapshot(store, name, objects);
  transaction.commit();
  return created;
}

void remove(Store& store, const std::string& name) {
  WriteTransaction transaction{store};
  (void)remove_snapshot(store, find_snapshot(store, name));
  transaction.commit();
}

Store open_snapshot(const test::ScratchStore& scratch, const std::string& name,
                    const std::string& tenant = "default") {
  OpenOptions options{scratch.directory(), tenant};
  options.snapshot = name;
  return Store{options};
}

std::string describe(const std::vector<SnapshotDifference>& differences) {
  std::string text;
  for (const SnapshotDifference& difference : differences) {
    text += difference.before ? difference.before->label() : "-";
    text += " > ";
    text += difference.after ? difference.after->label() : "-";
    if (const auto& tensors = difference.tensors)
      text += " " + std::to_string(tensors->shared) + "," + std::to_string(tensors->changed) +
              "," + std::to_string(tensors->added) + "," + std::to_string(tensors->removed);
    text += "; ";
  }
  return text;
}

TEST_CASE("snapshot: it holds the newest version of every model, and of nothing else") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_model(store, {"a", {{"w", "one"}}, {}, {}});
  add_model(store, {"a", {{"w", "two"}}, "tag", {{"k", 1}}});
  add_model(store, {"b", {{"w", "one"}}, {}, {}});
  add_document(store, {"text", {"word"}, {}, {}});
  const CreatedSnapshot created = create(store, "s");
  CHECK(created.snapshot.objects == 2);
  CHECK_FALSE(created.unchanged);
  const auto versions = snapshot_versions(store, created.snapshot);
  REQUIRE(versions.size() == 2);
  CHECK(versions[0].label() == "a@2");
  CHECK(versions[0].version_tag == "tag");
  CHECK(versions[0].metadata == "{\"k\":1}");
  CHECK(versions[1].label() == "b@1");
  CHECK(created.snapshot.bytes ==
        resolve_object(store, "a").bytes + resolve_object(store, "b").bytes);
  CHECK(snapshots(store).size() == 1);
}

TEST_CASE("snapshot: the same again changes nothing; another content needs another name") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_model(store, {"a", {{"w", "one"}}, {}, {}});
  const CreatedSnapshot first = create(store, "s");
  const CreatedSnapshot again = create(store, "s");
  CHECK(again.unchanged);
  CHECK(again.snapshot.created == first.snapshot.created);
  CHECK(holders_of(store, tensor_id("one")) == 2);
  add_model(store, {"a", {{"w", "two"}}, {}, {}});
  CHECK(fault_of([&] { create(store, "s"); }) == Fault::cannot_create);
  CHECK(fault_of([&] { create(store, "t", {"a@1", "a@2"}); }) == Fault::usage);
  CHECK(fault_of([&] { create(store, ""); }) == Fault::usage);
  CHECK(fault_of([&] { create(store, std::string(201, 'x')); }) == Fault::usage);
  CHECK(fault_of([&] { create(store, "a\nb"); }) == Fault::usage);
  // Another model that came after the last was removed may get its number.
  remove_named(store, "a@2");
  remove_named(store, "a@1");
  add_model(store, {"a", {{"w", "three"}}, {}, {}});
  CHECK(fault_of([&] { create(store, "s"); }) == Fault::cannot_create);
  CHECK(create(store, std::string(200, 'x')).snapshot.objects == 1);
  CHECK(fault_of([&] { (void)find_snapshot(store, "t"); }) == Fault::no_input);
}

TEST_CASE("snapshot: what it holds outlives its objects and a collection, and then is let go") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_model(store, {"a", {{"v", "shared"}, {"w", "own"}}, {}, {}});
  add_model(store, {"b", {{"v", "shared"}}, {}, {}});
  create(store, "s", {"a"});
  CHECK(holders_of(store, tensor_id("own")) == 2);
  CHECK(holders_of(store, tensor_id("shared")) == 3);
  remove_named(store, "a");
  CHECK(holders_of(store, tensor_id("own")) == 1);
  CHECK(holders_of(store, tensor_id("shared")) == 2);
  (void)collect(store, {});
  {
    Store saved = open_snapshot(scratch, "s");
    const Object object = resolve_object(saved, "a");
    CHECK(object.version == 1);
    Statement payload = saved.db().prepare(std::string{"SELECT "} + kExtentColumns +
                                           " FROM my_atom_payload WHERE atom_id = ?");
    REQUIRE(payload.with(find_atom(saved, tensor_id("own"))->atom_id).step());
    ExtentReader reader{saved};
    CHECK(as_text(reader.read(read_extent(payload, 0), true).bytes()) == "own");
    CHECK(fault_of([&] { (void)resolve_object(saved, "b"); }) == Fault::no_input);
  }
  remove(store, "s");
  CHECK(holders_of(store, tensor_id("own")) == 0);
  CHECK(holders_of(store, tensor_id("shared")) == 1);
  CHECK(collect(store, {}).atoms > 0);
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM snapshot_object") == 0);
  remove_named(store, "b");
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_atom") == 0);
}

TEST_CASE("snapshot: it shows its versions even when their history is forgotten") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_model(store, {"a", {{"w", "one"}}, {}, {}});
  add_model(store, {"a", {{"w", "two"}}, {}, {}});
  create(store, "s", {"a@1"});
  remove_named(store, "a@1");
  remove_named(store, "a@2");
  {
    WriteTransaction transaction{store};
    for (const RetentionPolicy& policy : retention_policies(store))
      set_retention(store, {policy.table, 0});
    transaction.commit();
  }
  (void)prune_history(store, false);
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_object_history") == 0);
  Store saved = open_snapshot(scratch, "s");
  CHECK(resolve_object(saved, "a").version == 1);
  std::string names;
  for_each_object(saved, {}, [&](const Object& object) { names += object.name; });
  CHECK(names == "a");
  CHECK(fault_of([&] { (void)open_snapshot(scratch, "unknown"); }) == Fault::no_input);
}

TEST_CASE("snapshot: one tenant's is nothing to another") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  Store store = scratch.open();
  add_model(store, {"a", {{"w", "one"}}, {}, {}});
  create(store, "s");
  Store other = scratch.open("other");
  CHECK(snapshots(other).empty());
  CHECK(fault_of([&] { (void)find_snapshot(other, "s"); }) == Fault::no_input);
  CHECK(fault_of([&] { (void)open_snapshot(scratch, "s", "other"); }) == Fault::no_input);
  add_model(other, {"a", {{"w", "one"}}, {}, {}});
  create(other, "s");
  CHECK(holders_of(store, tensor_id("one")) == 2);
  CHECK(holders_of(other, tensor_id("one")) == 2);
}

TEST_CASE("snapshot diff: against now and against another, with the tensors of what changed") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_model(store, {"a", {{"t", "1"}, {"u", "2"}, {"v", "3"}}, {}, {}});
  add_model(store, {"gone", {{"t", "1"}}, {}, {}});
  add_model(store, {"same", {{"t", "9"}}, {}, {}});
  create(store, "s");
  const SavedSnapshot before = find_snapshot(store, "s");
  CHECK(diff_snapshot(store, before, {}).empty());
  add_model(store, {"a", {{"t", "1"}, {"u", "changed"}, {"x", "new"}}, {}, {}});
  add_model(store, {"fresh", {{"t", "1"}}, {}, {}});
  remove_named(store, "gone");
  add_document(store, {"text", {"word"}, {}, {}});
  const std::string expected = "a@1 > a@2 1,1,1,1; - > fresh@1; gone@1 > -; ";
  CHECK(describe(diff_snapshot(store, before, {})) == expected);
  create(store, "t");
  CHECK(describe(diff_snapshot(store, before, find_snapshot(store, "t"))) == expected);
  CHECK(describe(diff_snapshot(store, find_snapshot(store, "t"), before)) ==
        "a@2 > a@1 1,1,1,1; fresh@1 > -; - > gone@1; ");
}

TEST_CASE("snapshot: restoring it brings back what changed and leaves the rest") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_model(store, {"a", {{"w", "one"}}, "v1", {{"k", 1}}});
  add_model(store, {"b", {{"w", "same"}}, {}, {}});
  create(store, "s");
  add_model(store, {"a", {{"w", "two"}}, {}, {}});
  std::string done;
  {
    WriteTransaction transaction{store};
    for (const ObjectVersion& version : snapshot_versions(store, find_snapshot(store, "s"))) {
      const Restored restored = restore_version(store, version, "snapshot:s");
      done += version.name + std::to_string(restored.version) +
              (restored.unchanged ? " unchanged; " : "; ");
    }
    transaction.commit();
  }
  CHECK(done == "a3; b1 unchanged; ");
  CHECK(resolve_object(store, "a").version_tag == "v1");
  CHECK(holders_of(store, tensor_id("one")) == 3);
  CHECK(history_of(store, "a@3").front().what == Change::What::restored);
}

}  // namespace
}  // namespace hart::store
