#include "infer/cache_table.h"

#include <doctest/doctest.h>

#include <fstream>

#include "crypto/sha256.h"
#include "infer/clear_caches.h"
#include "infer/prefix_cache.h"
#include "scratch_models.h"
#include "store/erase_files.h"

namespace hart::infer {
namespace {

Hash256 key_of(int number) {
  return crypto::sha256(as_bytes(std::to_string(number)));
}

ByteBuffer value_of(int number) {
  return ByteBuffer(100, static_cast<std::uint8_t>(number));
}

bool keep(CacheTable& table, int number) {
  return table.change([&] {
    table.put(key_of(number), value_of(number), 100);
    table.evict();
  });
}

TEST_CASE("cache table: what was kept is found by key, here and by another process") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store one = scratch.open(), two = scratch.open();
  CacheTable a{one, CacheKind::generation, 1000}, b{two, CacheKind::generation, 1000};
  CHECK_FALSE(a.find(key_of(1)));
  CHECK(keep(a, 1));
  CHECK(a.find(key_of(1)) == value_of(1));
  CHECK(b.find(key_of(1)) == value_of(1));
  CHECK_FALSE(b.find(key_of(2)));
  // A key with the same slot is another key.
  Hash256 other = key_of(1);
  other.back() ^= 1;
  CHECK_FALSE(a.find(other));
  CHECK(a.figures().entries == 1);
  CHECK(a.figures().bytes == 100);
}

TEST_CASE("cache table: beyond the limit the entries go that were not used for longest") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  CacheTable table{store, CacheKind::generation, 500};
  for (int i = 0; i < 5; ++i) CHECK(keep(table, i));
  CHECK(table.figures().entries == 5);
  CHECK(table.find(key_of(0)));
  CHECK(table.find(key_of(2)));
  CHECK(keep(table, 5));
  CHECK(keep(table, 6));
  CHECK(table.find(key_of(0)));
  CHECK_FALSE(table.find(key_of(1)));
  CHECK(table.find(key_of(2)));
  CHECK_FALSE(table.find(key_of(3)));
  CHECK(table.find(key_of(4)));
  CHECK(table.figures().bytes == 500);
  // In the place of what was there, nothing else goes.
  CHECK(keep(table, 6));
  CHECK(table.figures().entries == 5);
}

TEST_CASE("cache table: hits are counted, those of a reader that ended too") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  {
    CacheTable table{store, CacheKind::generation, 500};
    CHECK(keep(table, 1));
    for (int i = 0; i < 3; ++i) CHECK(table.find(key_of(1)));
    CHECK_FALSE(table.find(key_of(2)));
    CHECK(table.figures().hits == 3);
  }
  CacheTable table{store, CacheKind::generation, 500};
  CHECK(table.figures().hits == 3);
  CHECK(store.cache_db().query_integer("SELECT hits FROM inference_cache_total") == 3);
}

TEST_CASE("cache table: within its resolution a use is counted and not noted") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  CacheTable table{store, CacheKind::generation, 200, TimeUs{3600} * 1'000'000};
  CHECK(keep(table, 1));
  CHECK(keep(table, 2));
  CHECK(table.find(key_of(1)));
  CHECK(keep(table, 3));
  CHECK_FALSE(table.find(key_of(1)));
  store.cache_db().exec("UPDATE inference_cache SET used_us = used_us - 3600000001");
  CHECK(table.find(key_of(2)));
  CHECK(keep(table, 4));
  CHECK(table.find(key_of(2)));
  CHECK_FALSE(table.find(key_of(3)));
  CHECK(table.figures().hits == 3);
}

TEST_CASE("cache table: tenants and caches do not count for each other") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  store::Store mine = scratch.open(), theirs = scratch.open("other");
  CacheTable a{mine, CacheKind::generation, 100}, b{mine, CacheKind::prefix, 100},
      c{theirs, CacheKind::generation, 100};
  CHECK(keep(a, 1));
  CHECK(keep(b, 2));
  CHECK(keep(c, 3));
  for (CacheTable* table : {&a, &b, &c}) CHECK(table->figures().entries == 1);
  clear_caches(mine);
  CHECK(a.figures().entries == 0);
  CHECK(b.figures().entries == 0);
  CHECK(c.figures().entries == 1);
  // Erasing a tenant takes what is cached along.
  store::erase_from_side_databases(theirs);
  CHECK(c.figures().entries == 0);
  CHECK_FALSE(c.find(key_of(3)));
}

TEST_CASE("cache table: a store open for reading is searched and not changed") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store reader = scratch.open("default", false);
  CacheTable empty{reader, CacheKind::generation, 500};
  CHECK_FALSE(empty.find(key_of(1)));
  CHECK_FALSE(keep(empty, 1));
  CHECK(empty.figures().entries == 0);
  store::Store store = scratch.open();
  CacheTable table{store, CacheKind::generation, 500};
  CHECK(keep(table, 1));
  store::Store second = scratch.open("default", false);
  CacheTable found{second, CacheKind::generation, 500};
  CHECK(found.find(key_of(1)) == value_of(1));
  CHECK_FALSE(keep(found, 2));
}

TEST_CASE("cache table: a damaged cache.db is an empty cache, until it is cleared") {
  const test::ScratchStore scratch{kCatalogOnly};
  std::ofstream{scratch.directory() + "/cache.db"} << std::string(100'000, 'x');
  store::Store store = scratch.open();
  CacheTable table{store, CacheKind::generation, 500};
  CHECK_FALSE(table.find(key_of(1)));
  CHECK_FALSE(keep(table, 1));
  CHECK_FALSE(table.find(key_of(1)));
  CHECK(table.figures().entries == 0);
  store::Store second = scratch.open();
  clear_caches(second);
  store::Store third = scratch.open();
  CacheTable anew{third, CacheKind::generation, 500};
  CHECK(keep(anew, 1));
  CHECK(anew.find(key_of(1)));
}

TEST_CASE("cache table: a change that fails changes nothing") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  CacheTable table{store, CacheKind::generation, 500};
  CHECK(keep(table, 1));
  CHECK_FALSE(table.change([&] {
    table.put(key_of(2), value_of(2), 100);
    throw Error{Fault::io, "the disk is full"};
  }));
  CHECK_FALSE(table.find(key_of(2)));
  CHECK(table.find(key_of(1)));
  CHECK(keep(table, 2));
}

}  // namespace
}  // namespace hart::infer
