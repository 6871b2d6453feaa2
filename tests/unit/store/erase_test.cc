#include "store/erase.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "crypto/sha256.h"
#include "faults.h"
#include "sound_document.h"
#include "store/collect.h"
#include "store/embedding.h"
#include "store/query_log.h"
#include "store/snapshot.h"
#include "store/text_index.h"

namespace hart::store {
namespace {

using test::add_sound_document;
using test::count_rows;
using test::fault_of;
using test::joined;
using test::kLifecycleModules;
using test::problems;
using test::remove_document;
using test::ScratchStore;
using test::words_of;

/// The files of a store, with what lies beside the databases, in which the bytes stand.
std::string files_with(const ScratchStore& scratch, const std::string& needle) {
  std::string found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{scratch.directory()}) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file{entry.path(), std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    if (bytes.find(needle) != std::string::npos) found += entry.path().string() + " ";
  }
  return found;
}

void index_text(Store& store, const std::string& name) {
  const Object object = resolve_object(store, name);
  WriteTransaction transaction{store};
  index_passage(store, object.structure_id, atom_text(store, object.structure_id));
  transaction.commit();
}

void embed(Store& store, const std::string& name, const std::string& needle) {
  const Object object = resolve_object(store, name);
  WriteTransaction transaction{store};
  const EmbeddingModel model =
      ensure_embedding_model(store, "model", {IdSpace::content, {}}, 8);
  std::array<float, 8> vector{};
  std::memcpy(vector.data(), needle.data(), std::min(needle.size(), sizeof vector));
  put_embedding(store, model, object.structure_id, vector);
  transaction.commit();
}

void log(Store& store, const std::string& text) {
  QueryRecord query;
  query.tool = "test";
  query.input = text;
  query.parameters = Json::object();
  REQUIRE(log_query(store, query));
}

/// As hart-search leaves it in index.db.
void index_vectors(Store& store, int generation, const std::string& content) {
  store.index_db().exec(
      "CREATE TABLE IF NOT EXISTS index_generation (generation INTEGER PRIMARY KEY,"
      " tenant_id INTEGER NOT NULL, kind TEXT NOT NULL)");
  const std::string table = "flat_" + std::to_string(generation);
  store.index_db().exec("INSERT INTO index_generation VALUES (" + std::to_string(generation) +
                        ", " + std::to_string(store.tenant_id()) + ", 'flat'); CREATE TABLE " +
                        table + " (vectors BLOB); INSERT INTO " + table + " VALUES ('" +
                        content + "')");
}

TEST_CASE("erase: nothing of an erased object is left in any file of the store") {
  const ScratchStore scratch{kLifecycleModules};
  {
    Store store = scratch.open();
    auto secret = words_of("secret", 2'000);
    secret.emplace_back(" secretpassage");
    add_sound_document(store, "secret", secret);
    add_sound_document(store, "secret", words_of("secretlater", 10));
    auto kept = words_of("kept", 10);
    kept.emplace_back(" keptpassage");
    add_sound_document(store, "kept", kept);
    index_text(store, "secret@1");
    index_text(store, "kept");
    embed(store, "secret@1", "secretvector");
    log(store, "secretquestion");
    index_vectors(store, 1, "secretindex");
    {
      WriteTransaction transaction{store};
      const Object object = resolve_object(store, "secret@1");
      static_cast<void>(create_snapshot(store, "snap", {&object, 1}));
      transaction.commit();
    }
    remove_document(store, "secret@1");
    std::ofstream{scratch.directory() + "/hart.db.schema-1"} << "secret in an old catalog";
  }
  for (const char* needle : {"secret-7-", "secretlater-7-", "secretpassage", "secretvector",
                             "secretquestion", "secretindex", "secret in an old catalog"}) {
    CAPTURE(needle);
    CHECK(files_with(scratch, needle) != "");
  }
  {
    Store store = scratch.open();
    const std::string references[] = {"secret"};
    const Erased erased = erase_objects(store, references, {});
    CHECK(erased.objects == 2);
    CHECK(erased.atoms == 2'003 + 12);
    CHECK(erased.remains == "");
    CHECK(problems(store) == "");
    CHECK(resolve_object(store, "kept").version == 1);
    CHECK(count_indexed_passages(store) == 1);
    std::int64_t found = 0;
    for_each_text_match(store, "keptpassage", [&](const TextMatch&) { return ++found > 0; });
    CHECK(found == 1);
    CHECK(store.db().query_integer("SELECT COUNT(*) FROM snapshot_object") == 0);
    CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_object_history") == 0);
    CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_atom_history") == 0);
    CHECK(store.db().query_integer("SELECT COUNT(*) FROM atom_embedding") == 0);
    // While the store is still open.
    CHECK(files_with(scratch, "secret") == "");
  }
  CHECK(files_with(scratch, "secret") == "");
  CHECK(files_with(scratch, "kept-3-") != "");
  CHECK(files_with(scratch, "keptpassage") != "");
}

TEST_CASE("erase: what another object or tenant holds too is theirs and stays") {
  const ScratchStore scratch{kLifecycleModules};
  scratch.add_tenant("other");
  auto mine = words_of("mine", 10);
  mine.emplace_back("sharedword");
  auto second = words_of("second", 10);
  second.emplace_back("sharedword");
  {
    Store store = scratch.open();
    Store other = scratch.open("other");
    add_sound_document(store, "mine", mine);
    add_sound_document(store, "second", second);
    add_sound_document(store, "both", words_of("both", 10));
    add_sound_document(other, "both", words_of("both", 10));
    log(other, "a question of theirs");
  }
  Store store = scratch.open();
  const std::string references[] = {"mine", "both"};
  const Erased planned = plan_erasure(store, references, false);
  CHECK(count_rows(store, "my_object") == 3);
  const Erased erased = erase_objects(store, references, {});
  CHECK(erased.objects == 2);
  CHECK(erased.atoms == 12 + 12);
  CHECK(planned.objects == erased.objects);
  CHECK(planned.atoms == erased.atoms);
  CHECK(planned.bytes == erased.bytes);
  CHECK(files_with(scratch, "mine-3-") == "");
  CHECK(files_with(scratch, "both-3-") != "");
  CHECK(files_with(scratch, "a question of theirs") != "");
  Store other = scratch.open("other");
  CHECK(resolve_object(other, "both").bytes == 400);
  CHECK(resolve_object(store, "second").version == 1);
  CHECK(problems(store) == "");
}

TEST_CASE("erase: what was removed and collected before is erased from the history") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "oldname", words_of("old", 10));
  remove_document(store, "oldname");
  collect(store, {});
  CHECK(files_with(scratch, "oldname") != "");
  const std::string references[] = {"oldname"};
  const Erased erased = erase_objects(store, references, {});
  CHECK(erased.objects == 1);
  CHECK(erased.atoms == 0);
  CHECK(files_with(scratch, "oldname") == "");
  CHECK(problems(store) == "");
}

TEST_CASE("erase: a version or an id names one object, a wrong reference none at all") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("first", 10));
  add_sound_document(store, "a", words_of("second", 10));
  add_sound_document(store, "b", words_of("third", 10));
  const std::string wrong[] = {"a@1", "nothing"};
  CHECK(fault_of([&] { static_cast<void>(erase_objects(store, wrong, {})); }) ==
        Fault::no_input);
  CHECK(count_rows(store, "tenant_object") == 3);
  CHECK(count_rows(store, "erasure") == 0);

  const std::string version[] = {"a@1"};
  CHECK(erase_objects(store, version, {}).objects == 1);
  CHECK(files_with(scratch, "first-3-") == "");
  CHECK(files_with(scratch, "second-3-") != "");
  const std::string prefix[] = {resolve_object(store, "b").atom.text().substr(7, 12)};
  CHECK(erase_objects(store, prefix, {}).objects == 1);
  CHECK(files_with(scratch, "third-3-") == "");
  CHECK(resolve_object(store, "a").version == 2);
  CHECK(problems(store) == "");
}

TEST_CASE("erase: all of a tenant's goes, and nothing of another's") {
  const ScratchStore scratch{kLifecycleModules};
  scratch.add_tenant("other");
  {
    Store store = scratch.open();
    index_vectors(store, 2, "defaultindex");
    add_sound_document(store, "document", words_of("default", 10));
  }
  {
    Store other = scratch.open("other");
    add_sound_document(other, "otherdocument", words_of("other", 10));
    index_text(other, "otherdocument");
    embed(other, "otherdocument", "othervector");
    index_vectors(other, 1, "otherindex");
    const Erased erased = erase_tenant(other, {});
    CHECK(erased.objects == 1);
    CHECK(erased.remains == "");
    CHECK(count_rows(other, "my_tenant_atom") == 0);
    CHECK(count_rows(other, "embedding_model WHERE tenant_id = 2") == 0);
    CHECK_FALSE(count_indexed_passages(other).has_value());
  }
  for (const char* needle : {"otherdocument", "other-3-", "othervector", "otherindex"}) {
    CAPTURE(needle);
    CHECK(files_with(scratch, needle) == "");
  }
  CHECK(files_with(scratch, "defaultindex") != "");
  Store store = scratch.open();
  CHECK(resolve_object(store, "document").version == 1);
  CHECK(problems(store) == "");
}

TEST_CASE(
    "erase: a reader that may still need the bytes is said, and the next gc erases them") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  std::optional<Store> reader{scratch.open("default", false)};
  const std::string references[] = {"a"};
  const Erased erased = erase_objects(store, references, {});
  CHECK(erased.remains.find("readers") != std::string::npos);
  CHECK(fault_of([&] { static_cast<void>(resolve_object(store, "a")); }) == Fault::no_input);
  CHECK(files_with(scratch, "a-3-") != "");
  reader.reset();
  collect(store, {});
  CHECK(files_with(scratch, "a-3-") == "");
}

TEST_CASE("erase: the receipt commits to the ids and shows them to nobody") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  const Object object = resolve_object(store, "a");
  const std::string references[] = {"a"};
  const Erased erased = erase_objects(store, references, {});

  std::vector<Id> ids{object.atom, *object.structure};
  std::sort(ids.begin(), ids.end());
  ByteBuffer committed{erased.salt.begin(), erased.salt.end()};
  for (const Id& id : ids) {
    committed.push_back(static_cast<std::uint8_t>(id.space));
    committed.insert(committed.end(), id.hash.begin(), id.hash.end());
  }
  CHECK(crypto::sha256(committed) == erased.commitment);
  Statement row = store.db().prepare(
      "SELECT erasure_id, erased_us, salt, commitment, objects, atoms, bytes FROM my_erasure");
  REQUIRE(row.step());
  CHECK(row.integer(0) == erased.erasure_id);
  CHECK(row.integer(1) == erased.time);
  CHECK(row.hash(3) == erased.commitment);
  CHECK(row.integer(4) == 1);
  CHECK(row.integer(5) == 12);
  CHECK(row.integer(6) == 400);
  row.reset();
  const std::string digest{as_text(object.atom.hash)};
  CHECK(files_with(scratch, digest) == "");
}

}  // namespace
}  // namespace hart::store
