#include "store/object_access.h"

#include <doctest/doctest.h>

#include "faults.h"
#include "sound_document.h"
#include "store/audit.h"
#include "store/collect.h"
#include "store/embedding.h"
#include "store/erase.h"
#include "store/history.h"
#include "store/holding.h"
#include "store/relation.h"
#include "store/restore.h"
#include "store/snapshot.h"
#include "store/tenant_quota.h"
#include "store/text_index.h"

namespace hart::store {
namespace {

using test::add_sound_document;
using test::fault_of;
using test::problems;
using test::words_of;

const std::vector<std::string> kAlone = words_of("alone", 3);
const std::vector<std::string> kShared = words_of("shared", 4);

/// Two documents that share four words, of which `a` has three and `b` has two of its own.
class TwoDocuments {
 public:
  TwoDocuments() {
    add("a", kAlone);
    add("b", words_of("other", 2));
  }
  void add(const std::string& name, std::vector<std::string> words,
           Modality modality = Modality::text) {
    words.insert(words.end(), kShared.begin(), kShared.end());
    add_sound_document(store, name, words, modality);
  }
  AccessChange set(const std::string& reference, AccessLevel level) {
    AccessChange all;
    WriteTransaction transaction{store};
    for (const HeldVersion& version :
         held_versions(store, std::vector<std::string>{reference})) {
      AccessChange one = set_access(store, version, level);
      all.hidden.insert(all.hidden.end(), one.hidden.begin(), one.hidden.end());
      all.shown.insert(all.shown.end(), one.shown.begin(), one.shown.end());
    }
    transaction.commit();
    return all;
  }
  [[nodiscard]] bool sees(const std::string& word) { return atom_of(word) != 0; }
  [[nodiscard]] std::int64_t atom_of(const std::string& word) {
    const auto atom = find_atom(store, {IdSpace::content, crypto::sha256(as_bytes(word))});
    return atom ? atom->atom_id : 0;
  }
  [[nodiscard]] std::string names(std::optional<TimeUs> as_of = std::nullopt) const {
    Store reading{{scratch_.directory(), "default", 10'000, false, as_of}};
    std::string all;
    for_each_object(reading, {}, [&](const Object& object) { all += object.name + " "; });
    return all;
  }
  [[nodiscard]] std::vector<std::string> refusals() const {
    Store owner = scratch_.open();
    std::vector<std::string> all;
    for_each_audit_entry(owner, std::nullopt, [&](const AuditEntry& entry) {
      if (entry.refused) all.push_back(entry.detail);
    });
    return all;
  }
  [[nodiscard]] Store open(bool writable = true) const {
    return scratch_.open("default", writable);
  }

 private:
  test::ScratchStore scratch_{test::kLifecycleModules};

 public:
  Store store = scratch_.open();
};

void remove_snapshot_named(Store& store, const std::string& name) {
  WriteTransaction transaction{store};
  static_cast<void>(remove_snapshot(store, find_snapshot(store, name)));
  transaction.commit();
}

void index_documents(Store& store, std::initializer_list<const char*> names) {
  WriteTransaction transaction{store};
  for (const char* name : names) {
    const std::int64_t passage = resolve_object(store, name).structure_id;
    index_passage(store, passage, atom_text(store, passage));
  }
  transaction.commit();
}

/// Gives the atom a vector.
void embed_atom(Store& store, std::int64_t atom_id) {
  WriteTransaction transaction{store};
  const EmbeddingModel model =
      ensure_embedding_model(store, "m", {IdSpace::content, Hash256{}}, 2);
  put_embedding(store, model, atom_id, std::vector<float>{1, 2});
  transaction.commit();
}

void repair_catalog(Store& store) {
  FsckOptions options;
  options.repair = true;
  static_cast<void>(fsck(store, options, [](const Finding&) {}));
}

/// Everything that a tenant sees of its catalog, to be compared.
std::string view_of(Store& store) {
  std::string text;
  for (const char* sql :
       {"SELECT group_concat(name || version || atom_id) FROM"
        " (SELECT * FROM my_object ORDER BY object_id)",
        "SELECT group_concat(atom_id || ' ' || modality || ' ' || holders || access_level) FROM"
        " (SELECT * FROM my_tenant_atom ORDER BY atom_id, modality)",
        "SELECT group_concat(hex(hash)) FROM (SELECT * FROM my_atom ORDER BY atom_id)",
        "SELECT group_concat(parent_atom_id || ' ' || component_atom_id) FROM"
        " (SELECT * FROM my_atom_composition ORDER BY parent_atom_id, position)",
        "SELECT group_concat(atom_id || ' ' || hex(vector) || created_us) FROM"
        " (SELECT * FROM my_atom_embedding ORDER BY atom_id)",
        "SELECT group_concat(source_atom_id || relation_type || target_atom_id || weight) FROM"
        " (SELECT * FROM my_atom_relation ORDER BY 1, 2, 3)"}) {
    Statement row = store.db().prepare(sql);
    row.step();
    text += std::string{row.text(0)} + "\n";
  }
  return text;
}

TEST_CASE(
    "access none: the object and what it alone holds are not there; what others hold is") {
  TwoDocuments documents;
  const AccessChange change = documents.set("a", AccessLevel::none);
  CHECK(change.hidden.size() == 5);  // three words, the file, its structure
  CHECK(change.shown.empty());
  CHECK(documents.names() == "b ");
  CHECK_FALSE(documents.sees(kAlone[0]));
  CHECK(documents.sees(kShared[0]));
  CHECK(fault_of([&] { static_cast<void>(resolve_object(documents.store, "a")); }) ==
        Fault::no_input);
  CHECK(test::count_rows(documents.store, "tenant_atom WHERE access_level = 'none'") == 5);
  CHECK(problems(documents.store) == "");
}

TEST_CASE(
    "access none: what two objects share goes with the second, and comes with the first") {
  TwoDocuments documents;
  CHECK(documents.set("a", AccessLevel::none).hidden.size() == 5);
  CHECK(documents.set("b", AccessLevel::none).hidden.size() == 8);
  CHECK_FALSE(documents.sees(kShared[0]));
  CHECK(documents.names() == "");
  CHECK(documents.set("a", AccessLevel::read).shown.size() == 9);
  CHECK(documents.sees(kShared[0]));
  CHECK(documents.names() == "a ");
  CHECK(problems(documents.store) == "");
}

TEST_CASE("access: raising a level again brings everything back as it was") {
  TwoDocuments documents;
  Store& store = documents.store;
  {
    WriteTransaction transaction{store};
    const EmbeddingModel model =
        ensure_embedding_model(store, "m", {IdSpace::content, Hash256{}}, 2);
    for (const std::string& word : {kAlone[0], kShared[0]})
      put_embedding(store, model, documents.atom_of(word), std::vector<float>{1, 2});
    RelationWriter relations{store};
    relations.put(documents.atom_of(kAlone[0]), documents.atom_of(kAlone[1]), "near", 1);
    relations.put(documents.atom_of(kShared[0]), documents.atom_of(kAlone[0]), "near", 2);
    relations.put(documents.atom_of(kShared[0]), documents.atom_of(kShared[1]), "near", 3);
    transaction.commit();
  }
  const std::string before = view_of(store);
  documents.set("a", AccessLevel::none);
  CHECK(test::count_rows(store, "atom_embedding") == 1);
  CHECK(test::count_rows(store, "atom_relation") == 1);
  documents.set("b", AccessLevel::none);
  CHECK(test::count_rows(store, "atom_relation") == 0);
  CHECK(problems(store) == "");
  // An edge comes when both its ends are seen.
  documents.set("b", AccessLevel::write);
  CHECK(test::count_rows(store, "atom_relation") == 1);
  documents.set("a", AccessLevel::write);
  CHECK(view_of(store) == before);
  CHECK(test::count_rows(store, "hidden_hold") == 0);
  CHECK(test::count_rows(store, "hidden_embedding") == 0);
  CHECK(test::count_rows(store, "hidden_relation") == 0);
  CHECK(problems(store) == "");
}

TEST_CASE("access none: the past does not show what is hidden today") {
  TwoDocuments documents;
  const TimeUs then = documents.store.now();
  documents.set("a", AccessLevel::none);
  CHECK(documents.names(then) == "b ");
  CHECK(versions_of(documents.store, "a").empty());
  Store past{{documents.store.directory(), "default", 10'000, false, then}};
  CHECK_FALSE(find_atom(past, {IdSpace::content, crypto::sha256(as_bytes(kAlone[0]))}));
  const TimeUs between = documents.store.now();
  documents.set("a", AccessLevel::write);
  CHECK(documents.names(then) == "a b ");
  CHECK(documents.names(between) == "a b ");
  CHECK(versions_of(documents.store, "a").size() == 1);
  CHECK(problems(documents.store) == "");
}

TEST_CASE("access none: a version that was removed is not the way around it") {
  TwoDocuments documents;
  Store& store = documents.store;
  const TimeUs then = store.now();
  test::remove_document(store, "a");
  documents.add("again", kAlone);
  documents.set("again", AccessLevel::none);
  CHECK(documents.names(then) == "b ");
  CHECK(versions_of(store, "a").empty());
  documents.set("again", AccessLevel::write);
  const auto version = version_at(store, "a", then);
  REQUIRE(version);
  documents.set("again", AccessLevel::none);
  CHECK(fault_of([&] { static_cast<void>(plan_restore(store, *version)); }) == Fault::no_input);
}

TEST_CASE("access none: the past is hidden whatever the content is held as today") {
  TwoDocuments documents;
  Store& store = documents.store;
  const TimeUs then = store.now();
  test::remove_document(store, "a");
  documents.add("again", kAlone, Modality::image);
  const auto sees_then = [&] {
    Store past{{store.directory(), "default", 10'000, false, then}};
    const auto atom = find_atom(past, {IdSpace::content, crypto::sha256(as_bytes(kAlone[0]))});
    Statement held = past.db().prepare("SELECT 1 FROM my_tenant_atom WHERE atom_id = ?");
    return atom && held.with(atom->atom_id).step();
  };
  CHECK(sees_then());
  documents.set("again", AccessLevel::none);
  CHECK_FALSE(sees_then());
  CHECK(versions_of(store, "a").empty());
  // What is seen as anything is seen in the past.
  documents.add("aloud", kAlone, Modality::audio);
  CHECK(sees_then());
  CHECK(problems(store) == "");
}

TEST_CASE("access none: a snapshot does not show it, and is not removed while it hides it") {
  TwoDocuments documents;
  Store& store = documents.store;
  {
    WriteTransaction transaction{store};
    static_cast<void>(
        create_snapshot(store, "s", std::vector<Object>{resolve_object(store, "a")}));
    transaction.commit();
  }
  SUBCASE("an object holds it, too") {}
  SUBCASE("nothing else holds it") {
    test::remove_document(store, "a");
  }
  documents.set("a", AccessLevel::none);
  const std::int64_t holds = test::count_rows(store, "tenant_atom");
  CHECK(snapshot_versions(store, find_snapshot(store, "s")).empty());
  CHECK_FALSE(documents.sees(kAlone[0]));
  CHECK(problems(store) == "");
  CHECK(fault_of([&] { remove_snapshot_named(store, "s"); }) == Fault::denied);
  const std::vector<std::string> refusals = documents.refusals();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].find("snapshot s: part of what it holds is withheld") == 0);
  CHECK(test::count_rows(store, "tenant_atom") == holds);
  documents.set("a", AccessLevel::write);
  CHECK(snapshot_versions(store, find_snapshot(store, "s")).size() == 1);
  CHECK(documents.sees(kAlone[0]));
  remove_snapshot_named(store, "s");
  CHECK(problems(store) == "");
}

TEST_CASE(
    "access none: removing what else holds a passage hides it, adding it again shows it") {
  TwoDocuments documents;
  Store& store = documents.store;
  documents.set("a", AccessLevel::none);
  {
    WriteTransaction transaction{store};
    CHECK(remove_object(store, resolve_object(store, "b")).size() == 8);
    transaction.commit();
  }
  CHECK_FALSE(documents.sees(kShared[0]));
  CHECK(problems(store) == "");
  {
    WriteTransaction transaction{store};
    CatalogWriter writer{store};
    test::put_sound_document(writer, "c", kShared);
    const ObjectTotals totals = writer.take_totals();
    CHECK(totals.new_atoms == totals.atoms);
    transaction.commit();
  }
  CHECK(documents.sees(kShared[0]));
  CHECK(problems(store) == "");
}

TEST_CASE("access none: a version added beside a hidden one keeps clear of its number") {
  TwoDocuments documents;
  documents.set("a", AccessLevel::none);
  documents.add("a", words_of("third", 2));
  CHECK(resolve_object(documents.store, "a").version == 2);
  documents.set("a@1", AccessLevel::write);
  CHECK(documents.names() == "a b a ");
  CHECK(problems(documents.store) == "");
}

TEST_CASE("access none: what is hidden counts against a quota") {
  TwoDocuments documents;
  Store& store = documents.store;
  const auto atoms = store.db().query_integer("SELECT COUNT(*) FROM tenant_atom");
  store.db().exec("UPDATE tenant SET max_atoms = " + std::to_string(atoms));
  documents.set("a", AccessLevel::none);
  TenantQuota quota{store};
  CHECK(fault_of([&] { quota.require_room(); }) == Fault::denied);
}

TEST_CASE(
    "access read: nothing that changes or removes the object, and the refusal is recorded") {
  TwoDocuments documents;
  Store& store = documents.store;
  const TimeUs then = store.now();
  const auto version = version_at(store, "a", then);
  REQUIRE(version);
  documents.set("a", AccessLevel::read);
  const std::int64_t own = documents.atom_of(kAlone[0]);
  const std::int64_t shared = documents.atom_of(kShared[0]);
  REQUIRE(own != 0);
  CHECK(resolve_object(store, "a").access == AccessLevel::read);
  SUBCASE("remove") {
    CHECK(fault_of([&] { test::remove_document(store, "a"); }) == Fault::denied);
  }
  SUBCASE("another version") {
    CHECK(fault_of([&] { documents.add("a", words_of("new", 1)); }) == Fault::denied);
  }
  SUBCASE("erase") {
    CHECK(fault_of([&] {
            static_cast<void>(erase_objects(store, std::vector<std::string>{"a"}, {}));
          }) == Fault::denied);
  }
  SUBCASE("erase everything") {
    CHECK(fault_of([&] { static_cast<void>(erase_tenant(store, {})); }) == Fault::denied);
  }
  SUBCASE("restore over it") {
    ObjectVersion other = *version;
    other.version_tag = "other";
    CHECK(fault_of([&] {
            WriteTransaction transaction{store};
            static_cast<void>(restore_version(store, other, "test:"));
          }) == Fault::denied);
  }
  SUBCASE("relate") {
    CHECK(fault_of([&] {
            WriteTransaction transaction{store};
            RelationWriter{store}.put(shared, own, "near", 1);
          }) == Fault::denied);
  }
  const std::vector<std::string> refusals = documents.refusals();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].find("a@1: its access level is read") == 0);
  CHECK(documents.names() == "a b ");
  CHECK(documents.sees(kAlone[0]));
  CHECK(problems(store) == "");
}

TEST_CASE("access read: what an object at write holds, too, may be related") {
  TwoDocuments documents;
  documents.set("a", AccessLevel::read);
  WriteTransaction transaction{documents.store};
  CHECK(RelationWriter{documents.store}.put(documents.atom_of(kShared[0]),
                                            documents.atom_of(kShared[1]), "near",
                                            1) == PutRelation::added);
}

TEST_CASE(
    "access: a name is all its versions, name@version is one, restricted ones are listed") {
  TwoDocuments documents;
  Store& store = documents.store;
  documents.add("a", words_of("second", 1));
  documents.set("a", AccessLevel::none);
  CHECK(restricted_versions(store).size() == 2);
  documents.set("a@2", AccessLevel::read);
  const std::vector<HeldVersion> restricted = restricted_versions(store);
  REQUIRE(restricted.size() == 2);
  CHECK(restricted[0].access == AccessLevel::none);
  CHECK(restricted[1].access == AccessLevel::read);
  CHECK(documents.names() == "b a ");
  CHECK(fault_of([&] { documents.set("nothing", AccessLevel::read); }) == Fault::no_input);
}

TEST_CASE("access: erasing what is seen leaves what is hidden whole") {
  TwoDocuments documents;
  Store& store = documents.store;
  documents.set("a", AccessLevel::none);
  CHECK(fault_of([&] {
          static_cast<void>(erase_objects(store, std::vector<std::string>{"a"}, {}));
        }) == Fault::no_input);
  CHECK(fault_of([&] { static_cast<void>(erase_tenant(store, {})); }) == Fault::denied);
  // The four shared words stay: the hidden document holds them.
  CHECK(erase_objects(store, std::vector<std::string>{"b"}, {}).atoms == 4);
  CHECK(problems(store) == "");
  documents.set("a", AccessLevel::write);
  CHECK(documents.sees(kShared[0]));
  CHECK(documents.names() == "a ");
  CHECK(problems(store) == "");
}

TEST_CASE("access: erasing the last that showed a passage takes it out of the full text") {
  TwoDocuments documents;
  Store& store = documents.store;
  documents.add("copy", kAlone);
  index_documents(store, {"copy", "b"});
  documents.set("a", AccessLevel::none);
  CHECK(problems(store) == "");
  CHECK(erase_objects(store, std::vector<std::string>{"copy"}, {}).atoms == 0);
  CHECK(count_indexed_passages(store) == 1);
  CHECK(problems(store) == "");
}

TEST_CASE("fsck: counts of what is hidden that do not fit are told and put right") {
  TwoDocuments documents;
  Store& store = documents.store;
  documents.set("a", AccessLevel::none);
  store.db().exec(
      "UPDATE tenant_atom SET access_level = 'read' WHERE access_level = 'none';"
      "DELETE FROM hidden_hold WHERE atom_id IN (SELECT max(atom_id) FROM hidden_hold)");
  CHECK(problems(store) != "");
  repair_catalog(store);
  CHECK(problems(store) == "");
  CHECK_FALSE(documents.sees(kAlone[0]));
  CHECK(documents.sees(kShared[0]));
}

TEST_CASE("fsck: the full text follows what a repair hides") {
  TwoDocuments documents;
  Store& store = documents.store;
  index_documents(store, {"a", "b"});
  documents.set("a", AccessLevel::none);
  // As if nothing had hidden the atoms: the full text fits what the tenant sees.
  store.db().exec("UPDATE tenant_atom SET access_level = 'read'");
  repair_catalog(store);
  CHECK(count_indexed_passages(store) == 1);
  CHECK(problems(store) == "");
}

TEST_CASE("fsck: a hidden atom that nothing holds leaves no vectors and edges behind") {
  TwoDocuments documents;
  Store& store = documents.store;
  const std::int64_t alone = documents.atom_of(kAlone[0]);
  embed_atom(store, alone);
  {
    WriteTransaction transaction{store};
    RelationWriter{store}.put(documents.atom_of(kShared[0]), alone, "near", 1);
    transaction.commit();
  }
  documents.set("a", AccessLevel::none);
  REQUIRE(test::count_rows(store, "hidden_embedding") == 1);
  REQUIRE(test::count_rows(store, "hidden_relation") == 1);
  store.db().exec("DELETE FROM tenant_object WHERE name = 'a'");
  repair_catalog(store);
  CHECK(test::count_rows(store, "hidden_embedding") == 0);
  CHECK(test::count_rows(store, "hidden_relation") == 0);
  CHECK(problems(store) == "");
  CHECK(collect(store, {}).atoms == 5);
}

TEST_CASE("fsck: dropping the hold through which a hidden atom was seen puts it away") {
  TwoDocuments documents;
  Store& store = documents.store;
  const std::int64_t alone = documents.atom_of(kAlone[0]);
  documents.set("a", AccessLevel::none);
  store.db().exec(
      "INSERT INTO tenant_atom (tenant_id, atom_id, modality, subtype, holders, access_level,"
      " created_us) VALUES (1, " +
      std::to_string(alone) + ", 0, 'word', 1, 'read', 1)");
  embed_atom(store, alone);
  repair_catalog(store);
  CHECK(test::count_rows(store, "atom_embedding") == 0);
  CHECK(test::count_rows(store, "hidden_embedding") == 1);
  CHECK_FALSE(documents.sees(kAlone[0]));
  CHECK(problems(store) == "");
}

}  // namespace
}  // namespace hart::store
