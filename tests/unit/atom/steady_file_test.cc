#include "atom/steady_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "fixture.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;

/// A file that was last written long ago, whatever the clock's resolution is.
fs::path old_file(const test::ScratchStore& scratch, std::string_view bytes) {
  const fs::path path = fs::path{scratch.directory()}.parent_path() / "old.txt";
  std::ofstream{path, std::ios::binary} << bytes;
  fs::last_write_time(path, fs::last_write_time(path) - std::chrono::hours{1});
  return path;
}

const std::string kBefore = [] {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "line " + std::to_string(i) + " of the file\n";
  return text;
}();

/// Adds a file that `meddle` does something to after its first bytes were hashed.
Atomized add_while(store::Store& store, const fs::path& path,
                   const std::function<void()>& meddle) {
  AtomizeOptions options;
  options.name = "file";
  options.source_uri = path.string();
  options.progress = [&](std::uint64_t) { meddle(); };
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  Atomized added = atomize(store, writer, MappedFile{path.string()}, options, {});
  transaction.commit();
  return added;
}

TEST_CASE("steady file: one that is written to while it is added is refused by name") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const fs::path path = old_file(scratch, kBefore);
  std::string message;
  try {
    (void)add_while(store, path, [&] {
      std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
      file.seekp(20'000);
      file << "something else";
    });
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    message = error.what();
  }
  CHECK(message == path.string() + ": changed while it was read");
  CHECK(count(store, "tenant_object") == 0);
  CHECK(count(store, "extent") == 0);
}

TEST_CASE("steady file: one that another takes the place of is kept as it was read") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const fs::path path = old_file(scratch, kBefore);
  (void)add_while(store, path, [&] {
    const fs::path other = path.string() + ".new";
    std::ofstream{other} << "another file";
    fs::rename(other, path);
  });
  CHECK(as_text(exported(store, "file")) == kBefore);
}

TEST_CASE("steady file: nothing is found wrong with a file that is left alone, or with none") {
  const test::ScratchStore scratch{kCatalogOnly};
  const fs::path path = old_file(scratch, kBefore);
  SteadyFile{path.string()}.require_steady();
  SteadyFile{""}.require_steady();
  SteadyFile{path.string() + ".missing"}.require_steady();
  const SteadyFile watched{path.string()};
  fs::resize_file(path, 10);
  CHECK(fault_of([&] { watched.require_steady(); }) == Fault::data);
}

}  // namespace
}  // namespace hart::atom
