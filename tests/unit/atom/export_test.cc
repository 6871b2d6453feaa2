#include "atom/export.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fixture.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// A store with a text of one raw extent.
struct Exporting {
  test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  std::string text;
  Exporting() {
    for (int i = 0; i < 100; ++i) text += std::to_string(i * 7919) + " ";
    AtomizeOptions options;
    options.compression = Compression::none;
    add(store, "doc", as_bytes(text), options);
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return scratch.directory() + "/../" + name;
  }
  void damage() {
    const std::string pack = store.packs().path(1);
    std::fstream file{pack, std::ios::binary | std::ios::in | std::ios::out};
    file.seekp(128 + 10);
    file.put('#');
  }
  [[nodiscard]] std::size_t files() const {
    const auto parent = fs::path{scratch.directory()}.parent_path();
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{parent}, fs::directory_iterator{}));
  }
};

TEST_CASE("export: the file is written whole, over an older one, and nothing stays beside it") {
  Exporting exporting;
  const auto object = store::resolve_object(exporting.store, "doc");
  std::ofstream{exporting.path("out")} << "older";
  export_file(exporting.store, object, exporting.path("out"));
  CHECK(read_file(exporting.path("out")) == exporting.text);
  CHECK(exporting.files() == 2);
}

TEST_CASE("export: a flipped byte in a pack is found, and the target stays as it was") {
  Exporting exporting;
  exporting.damage();
  const auto object = store::resolve_object(exporting.store, "doc");
  std::ofstream{exporting.path("out")} << "older";
  CHECK(fault_of([&] { export_file(exporting.store, object, exporting.path("out")); }) ==
        Fault::data);
  CHECK(read_file(exporting.path("out")) == "older");
  CHECK(exporting.files() == 2);
}

TEST_CASE("export: a flipped byte of a tensor is found when the tensor itself is read") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add(store, "m", gguf_file({{"w", {40}, std::vector<float>(40, 1.5f)}}, {}));
  const auto tensor = store::atom_by_id(
      store, store.db().query_integer("SELECT tensor_atom_id FROM tensor_atom"));
  REQUIRE(tensor);
  ByteBuffer bytes;
  read_content(store, *tensor, [&](ByteView part) { append(bytes, part); });
  CHECK(bytes.size() == 160);
  {
    std::fstream file{store.packs().path(1), std::ios::binary | std::ios::in | std::ios::out};
    file.seekp(128 + 10);
    file.put('#');
  }
  CHECK(fault_of([&] { read_content(store, *tensor, [](ByteView) {}); }) == Fault::data);
}

TEST_CASE("export: a structure without bytes of its own is refused") {
  Exporting exporting;
  const auto object = store::resolve_object(exporting.store, "doc");
  const auto structure = store::atom_by_id(exporting.store, object.structure_id);
  CHECK(fault_of([&] { read_content(exporting.store, *structure, [](ByteView) {}); }) ==
        Fault::data);
}

TEST_CASE("export: a folder or a missing one is refused, a pipe is written to and stays") {
  Exporting exporting;
  const auto object = store::resolve_object(exporting.store, "doc");
  fs::create_directory(exporting.path("folder"));
  for (const char* target : {"folder", "absent/out"})
    CHECK(fault_of([&] { export_file(exporting.store, object, exporting.path(target)); }) ==
          Fault::cannot_create);
  CHECK(exporting.files() == 2);
  const std::string pipe = exporting.path("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const int fd = ::open(pipe.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(fd >= 0);
  export_file(exporting.store, object, pipe);
  CHECK(fs::is_fifo(pipe));
  std::string got(exporting.text.size(), ' ');
  CHECK(::read(fd, got.data(), got.size()) == static_cast<ssize_t>(got.size()));
  CHECK(got == exporting.text);
  ::close(fd);
}

}  // namespace
}  // namespace hart::atom
