#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "atom/model_view.h"
#include "fixture.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;

/// A Hugging Face folder of two shards beside the store.
struct Folder {
  explicit Folder(const test::ScratchStore& scratch)
      : root{fs::path{scratch.directory()}.parent_path() / "model"} {
    fs::create_directories(root / "onnx");
    write("config.json", R"({"model_type": "llama", "num_hidden_layers": 1})");
    write("tokenizer.json", std::string(200'000, 'x'));
    write("onnx/notes.txt", "");
    write("model.safetensors.index.json",
          R"({"metadata": {"total_size": 24}, "weight_map": {"model.layers.0.a.weight":)"
          R"( "model-00001-of-00002.safetensors", "model.norm.weight":)"
          R"( "model-00002-of-00002.safetensors"}})");
    write("model-00001-of-00002.safetensors",
          safetensors_file({{"model.layers.0.a.weight", {2, 2}, {1, 2, 3, 4}}},
                           {{"format", "pt"}}));
    write("model-00002-of-00002.safetensors",
          safetensors_file({{"model.norm.weight", {2}, {5, 6}}}, {{"format", "pt"}}));
  }
  void write(const std::string& name, std::string_view bytes) const {
    std::ofstream{root / name, std::ios::binary} << bytes;
  }
  void write(const std::string& name, const ByteBuffer& bytes) const {
    write(name, as_text(bytes));
  }

  fs::path root;
};

std::map<std::string, std::string> contents(const fs::path& root) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator{root})
    if (entry.is_regular_file()) {
      std::ifstream in{entry.path(), std::ios::binary};
      files[entry.path().lexically_relative(root).string()] = {
          std::istreambuf_iterator<char>{in}, {}};
    }
  return files;
}

Atomized add_folder(store::Store& store, const Folder& folder, const std::string& name) {
  AtomizeOptions options;
  options.name = name;
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  Atomized added = atomize_folder(store, writer, folder.root.string(), options);
  transaction.commit();
  return added;
}

TEST_CASE("folder: a model of several files is one object and comes back file by file") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const Folder folder{scratch};
  REQUIRE(is_model_folder(folder.root.string()));
  const Atomized added = add_folder(store, folder, "m");
  CHECK(added.kind == "model");
  CHECK(added.atom.text().starts_with("tree:"));
  CHECK(count(store, "tenant_object") == 1);
  const StoredModel model = open_model(store, "m");
  CHECK(model.architecture == "llama");
  CHECK(model.parameters == 6);
  const fs::path out = folder.root.parent_path() / "out";
  export_file(store, store::resolve_object(store, "m"), out.string());
  CHECK(contents(out) == contents(folder.root));
  CHECK(add_folder(store, folder, "m").unchanged);
}

TEST_CASE("folder: its weights are those of the same tensors in one file") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const Folder folder{scratch};
  const Atomized whole =
      add(store, "file",
          safetensors_file({{"model.layers.0.a.weight", {2, 2}, {1, 2, 3, 4}},
                            {"model.norm.weight", {2}, {5, 6}}},
                           {{"format", "pt"}}));
  const std::int64_t extents = count(store, "extent");
  const Atomized sharded = add_folder(store, folder, "folder");
  CHECK(sharded.structure == whole.structure);
  // New are the headers of the shards, the index, the configuration and the tokenizer's chunks.
  CHECK(count(store, "extent") > extents);
  CHECK(open_model(store, "folder").tensors.size() == 2);
}

TEST_CASE("folder: an export never overwrites, and a file that changes is another version") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const Folder folder{scratch};
  add_folder(store, folder, "m");
  const store::Object object = store::resolve_object(store, "m");
  CHECK(fault_of([&] { export_file(store, object, folder.root.string()); }) ==
        Fault::cannot_create);
  folder.write("config.json", R"({"model_type": "llama", "num_hidden_layers": 2})");
  CHECK(add_folder(store, folder, "m").version == 2);
}

TEST_CASE("folder: a folder that merely holds models is none") {
  const test::ScratchStore scratch{kCatalogOnly};
  const fs::path root = fs::path{scratch.directory()}.parent_path() / "many";
  fs::create_directories(root);
  std::ofstream{root / "a.gguf"} << "x";
  CHECK_FALSE(is_model_folder(root.string()));
  std::ofstream{root / "b.safetensors"} << "x";
  CHECK_FALSE(is_model_folder(root.string()));
  CHECK_FALSE(is_model_folder((root / "missing").string()));
}

}  // namespace
}  // namespace hart::atom
