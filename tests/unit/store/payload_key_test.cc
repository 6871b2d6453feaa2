// Stores whose payload is encrypted: what they keep, who reads them, and with which key.

#include "store/payload_key.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "crypto/secret_file.h"
#include "faults.h"
#include "scratch.h"
#include "solid_files.h"
#include "sound_document.h"
#include "store/backup.h"
#include "store/collect.h"
#include "store/extent_reader.h"
#include "store/fsck.h"
#include "stored_text.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;
using test::fault_of;

/// An encrypted store and its key file.
struct EncryptedStore {
  EncryptedStore() { Store::create(directory, test::kLifecycleModules, &key); }

  [[nodiscard]] Store open(bool with_key = true) const {
    OpenOptions options{directory, "default", 10'000, true};
    if (with_key) options.payload_key_file = key_file;
    return Store{options};
  }

  Scratch scratch;
  std::string directory = scratch / "s.hart";
  std::string key_file = scratch / "key";
  PayloadKey key = PayloadKey::create(key_file);
};

ByteBuffer bytes_of_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

bool has_bytes(ByteView bytes, ByteView part) {
  return std::search(bytes.begin(), bytes.end(), part.begin(), part.end()) != bytes.end();
}

/// What fsck finds, one line each.
std::string all_findings(Store& store, bool quick) {
  std::string all;
  FsckOptions options;
  options.quick = quick;
  (void)fsck(store, options, [&](const Finding& finding) {
    all += finding.where + ": " + finding.what + "\n";
  });
  return all;
}

const std::vector<std::string> kWords = test::words_of("sentence", 3);
const std::string kText = test::joined(kWords);

TEST_CASE("payload key: a file is 64 lower-case hexadecimal digits, and nothing else is one") {
  const Scratch scratch;
  const std::string path = scratch / "key";
  const PayloadKey key = PayloadKey::create(path);
  CHECK(PayloadKey::read(path).id() == key.id());
  std::string digits = crypto::read_secret_file(path, "key");
  CHECK(digits.size() == 64);
  CHECK(fault_of([&] { (void)PayloadKey::create(path); }) == Fault::cannot_create);
  const std::string wrong[] = {digits.substr(1), digits + "0", "g" + digits.substr(1),
                               "A" + digits.substr(1), " " + digits.substr(1)};
  for (const std::string& text : wrong) {
    std::ofstream{path} << text << "\n";
    CHECK(fault_of([&] { (void)PayloadKey::read(path); }) == Fault::data);
  }
  std::ofstream{path} << digits;
  CHECK(PayloadKey::read(path).id() == key.id());
}

TEST_CASE("payload key: what is stored comes back, and its packs tell nothing of it") {
  const EncryptedStore encrypted;
  Store store = encrypted.open();
  test::add_sound_document(store, "d", kWords);
  CHECK(stored_text(store, "d") == kText);
  const ByteBuffer pack = bytes_of_file(store.packs().path(1));
  CHECK_FALSE(has_bytes(pack, as_bytes(kText)));
  CHECK_FALSE(has_bytes(pack, as_bytes("sentence")));
  CHECK_FALSE(has_bytes(pack, crypto::sha256(as_bytes(kText))));
  CHECK(all_findings(store, false) == "");
  // The header: a mark, how long the stored bytes are, and their checksums.
  const ByteView header = ByteView{pack}.subspan(kPackHeaderBytes, kExtentHeaderBytes);
  CHECK(to_hex(header.first(8)) == "4858543100800000");
  CHECK(to_hex(header.subspan(8, 8)) == std::string(16, '0'));
  CHECK(to_hex(header.subspan(24, 32)) == std::string(64, '0'));
}

TEST_CASE("payload key: without it nothing is read or added, and the store is looked after") {
  const EncryptedStore encrypted;
  {
    Store store = encrypted.open();
    test::add_sound_document(store, "d", kWords);
    test::add_sound_document(store, "gone", test::words_of("gone", 3));
  }
  Store store = encrypted.open(false);
  CHECK(store.packs().seal()->key_id() == encrypted.key.id());
  CHECK(fault_of([&] { (void)stored_text(store, "d"); }) == Fault::denied);
  CHECK(fault_of([&] { test::add_sound_document(store, "new", test::words_of("new", 3)); }) ==
        Fault::denied);
  CHECK(fault_of([&] { (void)all_findings(store, false); }) == Fault::denied);
  CHECK(all_findings(store, true) == "");
  test::remove_document(store, "gone");
  CHECK(collect(store, {}).extents > 0);
  const std::string copy = encrypted.scratch / "copy";
  CHECK(backup(store, copy, {}, [](const Finding&) {}).checked.clean());
  Store restored{{copy, "default", 10'000, true, {}, {}, {}, encrypted.key_file}};
  CHECK(stored_text(restored, "d") == kText);
  CHECK(all_findings(restored, false) == "");
}

TEST_CASE("payload key: another store's key is told at once, and so is a store without one") {
  const EncryptedStore encrypted;
  const EncryptedStore other;
  OpenOptions options{encrypted.directory, "default", 10'000, true};
  options.payload_key_file = other.key_file;
  CHECK(fault_of([&] { Store store{options}; }) == Fault::denied);
  options.payload_key_file = encrypted.scratch / "nowhere";
  CHECK(fault_of([&] { Store store{options}; }) == Fault::no_input);
  const test::ScratchStore plain{test::kLifecycleModules};
  options.directory = plain.directory();
  CHECK(Store{options}.packs().seal() == nullptr);
  options.must_be_encrypted = true;
  CHECK(fault_of([&] { Store store{options}; }) == Fault::config);
}

TEST_CASE("payload key: it is chosen when a store is made, and stays") {
  const EncryptedStore encrypted;
  Store store = encrypted.open();
  Connection& db = store.db();
  CHECK_THROWS_AS(db.exec("DELETE FROM payload_key"), Error);
  CHECK_THROWS_AS(db.exec("UPDATE payload_key SET key_id = zeroblob(16)"), Error);
  const test::ScratchStore plain{test::kLifecycleModules};
  Store full = plain.open();
  test::add_sound_document(full, "d", kWords);
  CHECK_THROWS_AS(set_payload_key(full.db(), encrypted.key, 1), Error);
}

TEST_CASE("payload key: every flipped byte of a pack is found by a check without the key") {
  const EncryptedStore encrypted;
  Store store = encrypted.open();
  test::add_sound_document(store, "d", kWords);
  const std::string path = store.packs().path(1);
  const ByteBuffer sound = bytes_of_file(path);
  const std::size_t end = kPackHeaderBytes + kExtentHeaderBytes + sealed_bytes(kText.size());
  for (std::size_t at = 0; at < end; ++at) {
    ByteBuffer changed = sound;
    changed[at] ^= 4;
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(changed.data()),
                                                static_cast<std::streamsize>(changed.size()));
    Store keyless = encrypted.open(false);
    CAPTURE(at);
    CHECK(all_findings(keyless, true) != "");
    if (at < kPackHeaderBytes) continue;
    Store reading = encrypted.open();
    CHECK(fault_of([&] { (void)stored_text(reading, "d"); }) == Fault::data);
  }
}

TEST_CASE("payload key: gc rewrites packs without the key, and what it moved is still whole") {
  const EncryptedStore encrypted;
  {
    Store store = encrypted.open();
    test::add_sound_document(store, "kept", kWords);
    test::add_sound_document(store, "gone", test::words_of("gone", 200));
    test::begin_pack(store);
    test::add_sound_document(store, "later", test::words_of("later", 3));
  }
  {
    test::SolidFiles solid;
    const FileIoOverride io{solid};
    Store store = encrypted.open(false);
    test::remove_document(store, "gone");
    // The first collection rewrites the pack, the second removes it.
    (void)collect(store, {});
    (void)collect(store, {});
    CHECK_FALSE(fs::exists(store.packs().path(1)));
  }
  Store store = encrypted.open();
  CHECK(stored_text(store, "kept") == kText);
  CHECK(stored_text(store, "later") == test::joined(test::words_of("later", 3)));
  CHECK(all_findings(store, false) == "");
}

TEST_CASE(
    "payload key: stored bytes that are appended again stay as they are, without the key") {
  const EncryptedStore encrypted;
  ExtentRecord extent;
  ByteBuffer stored;
  {
    Store store = encrypted.open();
    test::add_sound_document(store, "d", kWords);
    Statement row = store.db().prepare(std::string{"SELECT "} + kExtentColumns + " FROM extent",
                                       Scope::owner);
    REQUIRE(row.step());
    extent = read_extent(row, 0);
    const ByteView bytes = store.packs().stored(extent);
    stored.assign(bytes.begin(), bytes.end());
  }
  Store store = encrypted.open(false);
  {
    WriteTransaction transaction{store};
    const ExtentRecord moved = store.packs().append_stored(extent, stored);
    store.db()
        .prepare("UPDATE extent SET pack_id = ?, pack_offset = ?", Scope::owner)
        .run(moved.pack_id, moved.pack_offset);
    CHECK(moved.pack_offset != extent.pack_offset);
    CHECK(moved.checksum == extent.checksum);
    transaction.commit();
  }
  Store reading = encrypted.open();
  CHECK(stored_text(reading, "d") == kText);
}

TEST_CASE("payload key: a file of the user's is not shared with an encrypted store") {
  const EncryptedStore encrypted;
  Store store = encrypted.open();
  const std::string file = encrypted.scratch / "file";
  std::ofstream{file} << "bytes";
  WriteTransaction transaction{store};
  CatalogWriter writer{store};
  CHECK(fault_of([&] { (void)writer.link_file(file, 5); }) == Fault::usage);
  ExtentRecord linked;
  linked.codec = Codec::linked;
  linked.pack_id = kFirstLinkedPack;
  linked.stored_bytes = linked.decoded_bytes = 5;
  CHECK(fault_of([&] { (void)store.packs().stored(linked); }) == Fault::data);
}

TEST_CASE("payload key: the key is in no file of the store") {
  const EncryptedStore encrypted;
  {
    Store store = encrypted.open();
    test::add_sound_document(store, "d", kWords);
  }
  const std::string digits = crypto::read_secret_file(encrypted.key_file, "key");
  const ByteBuffer raw = from_hex(digits);
  for (const auto& entry : fs::recursive_directory_iterator{encrypted.directory}) {
    if (!entry.is_regular_file()) continue;
    const ByteBuffer bytes = bytes_of_file(entry.path().string());
    CAPTURE(entry.path().string());
    CHECK_FALSE(has_bytes(bytes, raw));
    CHECK_FALSE(has_bytes(bytes, as_bytes(digits)));
  }
}

}  // namespace
}  // namespace hart::store
