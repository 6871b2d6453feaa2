#include "prov/log_export.h"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/endian.h"
#include "core/error.h"
#include "core/mapped_file.h"
#include "fixture.h"
#include "prov/checkpoint_store.h"
#include "prov/log_proof.h"
#include "prov/signing_key.h"
#include "prov/stream.h"
#include "prov/transparency_log.h"

namespace hart::prov {
namespace {

namespace fs = std::filesystem;

ByteBuffer file_bytes(const std::string& path) {
  const MappedFile file{path};
  return {file.bytes().begin(), file.bytes().end()};
}

std::size_t files_under(const std::string& directory) {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator{directory})
    files += entry.is_regular_file() ? 1 : 0;
  return files;
}

crypto::NoteSigner export_key() {
  return {"log.example", crypto::Ed25519PrivateKey::generate()};
}

TEST_CASE(
    "log export: the folder holds checkpoint, tiles and entries, and later only what is new") {
  const test::ScratchStore scratch{test::prov_modules()};
  const std::string folder = scratch.directory() + "/../export";
  const crypto::NoteSigner signer = export_key();
  store::Store store = scratch.open();
  CHECK_THROWS_AS((void)export_log(store, folder), Error);
  for (int i = 0; i < 3; ++i) (void)test::write_receipt(store);
  const crypto::SignedNote note = sign_checkpoint(store, signer, "log.example");
  (void)test::write_receipt(store);

  const LogExport first = export_log(store, folder);
  CHECK(first.origin == "log.example");
  CHECK(first.size == 3);
  CHECK(first.tiles == 1);
  CHECK(first.bundles == 1);
  CHECK(files_under(folder) == 3);
  CHECK(as_text(file_bytes(folder + "/checkpoint")) == crypto::format_note(note));
  TileFolder tiles{folder};
  LogProver prover{tiles, 3};
  CHECK(prover.root(3) == parse_checkpoint(note.text).root);
  ByteBuffer bundle;
  for (std::uint64_t i = 0; i < 3; ++i) {
    append(bundle, std::array<std::uint8_t, 2>{0, 32});
    append(bundle, stream_at(store, i)->receipt_hash);
  }
  CHECK(file_bytes(folder + "/tile/entries/000.p/3") == bundle);

  CHECK(export_log(store, folder).tiles == 1);
  (void)sign_checkpoint(store, signer, "log.example");
  CHECK(export_log(store, folder).size == 4);
  CHECK(files_under(folder) == 5);
  // A narrower tile is the beginning of a wider.
  fs::remove(folder + "/tile/0/000.p/3");
  CHECK(LogProver{tiles, 3}.root(3) == parse_checkpoint(note.text).root);
}

TEST_CASE("log export: neither a rewritten log nor another's folder is written to") {
  const test::ScratchStore scratch{test::prov_modules()};
  const std::string folder = scratch.directory() + "/../export";
  const crypto::NoteSigner signer = export_key();
  {
    store::Store store = scratch.open();
    (void)test::write_receipt(store);
    (void)sign_checkpoint(store, signer, "log.example");
    (void)export_log(store, folder);
    scratch.add_tenant("other");
    store::Store other = scratch.open("other");
    (void)sign_checkpoint(other, signer, "log.example/other");
    CHECK_THROWS_AS((void)export_log(other, folder), Error);
  }
  REQUIRE(scratch.tamper("DROP TRIGGER transparency_tile_only_grows;"
                         "UPDATE transparency_tile SET hashes = zeroblob(32)") == "");
  store::Store store = scratch.open();
  CHECK_THROWS_AS((void)export_log(store, folder), Error);
  CHECK(files_under(folder) == 3);
}

TEST_CASE("signing key: it is made once, for its owner only, and read back") {
  const test::ScratchStore scratch{test::prov_modules()};
  const std::string path = scratch.directory() + "/../key";
  store::Store store = scratch.open();
  const crypto::NoteVerifier verifier = create_signing_key(path, "log.example");
  CHECK_THROWS_AS((void)create_signing_key(path, "log.example"), Error);
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(read_signing_key(store, path, "").verifier() == verifier);
  CHECK(read_signing_key(store, path, "log.example").verifier() == verifier);
  CHECK_THROWS_AS((void)read_signing_key(store, path, "another"), Error);
  CHECK(read_verifier(verifier.text()) == verifier);
  std::ofstream{path + ".pub"} << verifier.text() << "\n";
  CHECK(read_verifier(path + ".pub") == verifier);
  CHECK_THROWS_AS((void)read_verifier("nowhere"), Error);
  CHECK_THROWS_AS((void)create_signing_key(path + "2", "two words"), Error);
}

TEST_CASE("signing key: one that others may read, or that lies in the store, is refused") {
  const test::ScratchStore scratch{test::prov_modules()};
  const std::string path = scratch.directory() + "/../key";
  store::Store store = scratch.open();
  const auto fault = [&](const std::string& which) {
    try {
      (void)read_signing_key(store, which, "");
    } catch (const Error& error) {
      return error.fault();
    }
    return Fault::internal;
  };
  CHECK(fault(path) == Fault::no_input);
  (void)create_signing_key(path, "log.example");
  CHECK(fault(path) == Fault::internal);
  fs::permissions(path, fs::perms::group_read, fs::perm_options::add);
  CHECK(fault(path) == Fault::denied);
  const std::string inside = scratch.directory() + "/key";
  (void)create_signing_key(inside, "log.example");
  CHECK(fault(inside) == Fault::denied);
  fs::create_symlink(inside, path + ".link");
  CHECK(fault(path + ".link") == Fault::denied);
}

TEST_CASE("signing key: PEM needs a name, and what is no key is bad data") {
  const test::ScratchStore scratch{test::prov_modules()};
  const std::string path = scratch.directory() + "/../key.pem";
  store::Store store = scratch.open();
  const auto write = [&](const std::string& text) {
    std::ofstream{path} << text;
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  };
  write(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n");
  CHECK(read_signing_key(store, path, "log.example").verifier().name == "log.example");
  CHECK_THROWS_AS((void)read_signing_key(store, path, ""), Error);
  for (const char* text : {"", "nonsense", "-----BEGIN PRIVATE KEY-----\n"}) {
    CAPTURE(text);
    write(text);
    CHECK_THROWS_AS((void)read_signing_key(store, path, "log.example"), Error);
  }
}

}  // namespace
}  // namespace hart::prov
