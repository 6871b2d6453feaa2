#include "store/id_cache.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "object_fixture.h"

namespace hart::store {
namespace {

using test::content_of;
using test::kCatalogOnly;

/// Puts `count` atoms for the store's tenant and returns their ids in the catalog.
std::vector<std::int64_t> put_words(Store& store, const std::string& stem, int count) {
  WriteTransaction transaction{store};
  CatalogWriter writer{store};
  std::vector<std::int64_t> atoms;
  for (int i = 0; i < count; ++i) {
    const std::string word = stem + std::to_string(i);
    atoms.push_back(writer.put_atom(content_of(word), AtomForm::inlined, as_bytes(word), 4));
    writer.hold_atom(atoms.back(), Modality::text, "word");
  }
  transaction.commit();
  return atoms;
}

TEST_CASE("id cache: gives the ids of the tenant's atoms and of no other, read alone or not") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  Store store = scratch.open();
  Store other = scratch.open("other");
  const auto mine = put_words(store, "a", 150);
  const auto theirs = put_words(other, "b", 3);
  const auto more = put_words(store, "c", 150);
  for (const bool many : {false, true}) {
    CAPTURE(many);
    IdCache ids{store, many};
    const Snapshot snapshot{store.db()};
    ids.begin_snapshot();
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < mine.size(); i += 7) {
        REQUIRE(ids.find(more[i]) != nullptr);
        CHECK(*ids.find(more[i]) == content_of("c" + std::to_string(i)));
        REQUIRE(ids.find(mine[i]) != nullptr);
        CHECK(*ids.find(mine[i]) == content_of("a" + std::to_string(i)));
      }
      for (const std::int64_t absent : {theirs[0], theirs[2], more.back() + 1,
                                        more.back() + 999, std::int64_t{0}, std::int64_t{-1}})
        CHECK(ids.find(absent) == nullptr);
    }
  }
}

TEST_CASE("id cache: what another connection has changed is seen in the next snapshot") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  Store changer = scratch.open();
  const auto atoms = put_words(store, "a", 10);
  IdCache ids{store, true};
  {
    const Snapshot snapshot{store.db()};
    ids.begin_snapshot();
    CHECK(ids.find(atoms[3]) != nullptr);
    changer.db()
        .prepare("DELETE FROM tenant_atom WHERE atom_id = ?", Scope::owner)
        .run(atoms[3]);
    CHECK(ids.find(atoms[3]) != nullptr);
  }
  const Snapshot snapshot{store.db()};
  ids.begin_snapshot();
  CHECK(ids.find(atoms[3]) == nullptr);
  CHECK(ids.find(atoms[4]) != nullptr);
}

}  // namespace
}  // namespace hart::store
