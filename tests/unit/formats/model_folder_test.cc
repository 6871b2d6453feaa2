#include "formats/model_folder.h"

#include <sys/stat.h>

#include "core/error.h"
#include "formats/gguf_writer.h"
#include "formats/safetensors.h"
#include "formats/shard_index.h"
#include "scratch_folder.h"
#include "support/expect.h"

namespace hart::formats {
namespace {

using Names = std::vector<std::string>;

/// A SafeTensors file of U8 tensors of four bytes each, all of them `fill`.
ByteBuffer small_file(const Names& names, std::uint8_t fill = 7) {
  std::vector<SafetensorsTensor> tensors;
  for (const std::string& name : names) tensors.push_back({name, tensor::DType::u8, {4}, 0, 0});
  ByteBuffer file = write_safetensors_header(tensors);
  file.insert(file.end(), 4 * names.size(), fill);
  return file;
}

constexpr const char* kFirst = "model-00001-of-00002.safetensors";
constexpr const char* kSecond = "model-00002-of-00002.safetensors";

/// Two shards: "b", "c" in the first, "a" in the second.
struct ShardedModel {
  ScratchFolder folder;
  ShardIndex index;

  ShardedModel() {
    folder.write(kFirst, small_file({"b", "c"}));
    folder.write(kSecond, small_file({"a"}));
    folder.write("config.json", R"({"model_type":"llama","other":1})");
    index.total_size = 12;
    index.weight_map = {{"a", kSecond}, {"b", kFirst}, {"c", kFirst}};
  }
  void write_index() const {
    folder.write("model.safetensors.index.json", write_shard_index(index));
  }
};

std::string refusal(const ScratchFolder& folder) {
  try {
    static_cast<void>(read_model_folder(folder.path()));
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    CHECK(std::string{error.what()}.starts_with(folder.path()));
    return error.what();
  }
  return "";
}

using test::contains;

Names paths_of(const std::vector<FolderFile>& files) {
  Names paths;
  for (const FolderFile& file : files) paths.push_back(file.path);
  return paths;
}

TEST_CASE("list_folder: lists files by the bytes of their paths and skips dot entries") {
  const ScratchFolder folder;
  folder.write("b.txt", "12");
  folder.write("a/z", "");
  folder.write("a.txt", "1");
  folder.write("a/b/c", "123");
  folder.write("Z", "");
  folder.write("\xC3\xA4", "");
  folder.write(".git/config", "x");
  folder.write("a/.cache", "x");
  folder.write(".gitattributes", "x");
  std::filesystem::create_directory(folder.path() + "/empty");
  folder.link("link", "a/b/c");
  const auto files = list_folder(folder.path());
  CHECK(paths_of(files) == Names{"Z", "a.txt", "a/b/c", "a/z", "b.txt", "link", "\xC3\xA4"});
  CHECK(files[2].bytes == 3);
  CHECK(files[5].bytes == 3);
}

TEST_CASE("list_folder: refuses links that leave the folder, lead nowhere or to a folder") {
  const ScratchFolder outside;
  outside.write("secret", "x");
  const auto refused = [](const ScratchFolder& folder) -> std::string {
    try {
      static_cast<void>(list_folder(folder.path()));
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::data);
      return error.what();
    }
    return "";
  };
  for (const auto& [target, message] :
       {std::pair<std::string, const char*>{outside.path() + "/secret", "out of the folder"},
        {outside.path(), "out of the folder"},
        {"../", "out of the folder"},
        {"missing", "leads nowhere"},
        {"self", "leads nowhere"},
        {"sub", "link to a folder"}}) {
    CAPTURE(target);
    const ScratchFolder folder;
    folder.write("sub/file", "x");
    folder.link("self", target);
    CHECK(contains(refused(folder), message));
    CHECK(contains(refused(folder), "/self: "));
  }
  // A sibling whose name continues the folder's is outside.
  const ScratchFolder parent;
  parent.write("model-b/file", "x");
  parent.write("model/file", "x");
  parent.link("model/link", "../model-b/file");
  CHECK_THROWS_WITH_AS(static_cast<void>(list_folder(parent.path() + "/model")),
                       doctest::Contains("out of the folder"), Error);
}

TEST_CASE("list_folder: a revision of a download cache links into its blobs") {
  const ScratchFolder cache;
  cache.write("blobs/0a1b", "content");
  cache.write("snapshots/r1/own", "x");
  cache.link("snapshots/r1/config.json", "../../blobs/0a1b");
  const auto files = list_folder(cache.path() + "/snapshots/r1");
  CHECK(files == std::vector<FolderFile>{{"config.json", 7}, {"own", 1}});
  cache.write("elsewhere", "x");
  cache.link("snapshots/r1/other", "../../elsewhere");
  CHECK_THROWS_WITH_AS(static_cast<void>(list_folder(cache.path() + "/snapshots/r1")),
                       doctest::Contains("out of the folder"), Error);
}

TEST_CASE("list_folder: refuses what is no file, no folder or not there") {
  const ScratchFolder folder;
  REQUIRE(::mkfifo((folder.path() + "/pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH_AS(static_cast<void>(list_folder(folder.path())),
                       doctest::Contains("neither file nor folder"), Error);
  folder.remove("pipe");
  folder.write("file", "x");
  CHECK_THROWS_WITH_AS(static_cast<void>(list_folder(folder.path() + "/file")),
                       doctest::Contains("expected a folder"), Error);
  try {
    static_cast<void>(list_folder(folder.path() + "/missing"));
    FAIL("listed a folder that is not there");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::no_input);
  }
  folder.write("\xFF", "x");
  CHECK_THROWS_WITH_AS(static_cast<void>(list_folder(folder.path())),
                       doctest::Contains("UTF-8"), Error);
}

TEST_CASE("read_model_folder: unites the tensors of the shards that an index names") {
  ShardedModel model;
  model.write_index();
  model.folder.write("tokenizer.json", "{}");
  model.folder.write("consolidated.safetensors", small_file({"a", "b", "c"}));
  CHECK(recognise_model_folder(model.folder.path()) == WeightFormat::safetensors);
  const ModelFolder folder = read_model_folder(model.folder.path());
  CHECK(folder.format == WeightFormat::safetensors);
  CHECK(folder.model_type == "llama");
  CHECK(paths_of(folder.files) == Names{"config.json", "consolidated.safetensors", kFirst,
                                        kSecond, "model.safetensors.index.json",
                                        "tokenizer.json"});
  CHECK(folder.weight_files == std::vector<std::size_t>{2, 3});
  REQUIRE(folder.tensors.size() == 3);
  CHECK(folder.tensors[0].name == "b");
  CHECK(folder.tensors[1].name == "c");
  CHECK(folder.tensors[2].name == "a");
  CHECK(folder.tensors[2].file == 3);
  CHECK(folder.tensors[1].offset == folder.tensors[0].offset + 4);
  CHECK(folder.tensors[1].offset + folder.tensors[1].bytes == folder.files[2].bytes);
}

TEST_CASE("read_model_folder: refuses an index that does not agree with its shards") {
  {
    ShardedModel model;
    model.index.weight_map["missing"] = kFirst;
    model.write_index();
    CHECK(contains(refusal(model.folder), "'missing' in model-00001-of-00002.safetensors"));
  }
  {
    ShardedModel model;
    model.index.weight_map["a"] = kFirst;
    model.index.weight_map["d"] = kSecond;
    model.write_index();
    CHECK(contains(refusal(model.folder),
                   "index.json: expected tensor 'a' in model-00001-of-00002.safetensors, found"
                   " it in model-00002-of-00002.safetensors"));
  }
  {
    ShardedModel model;
    model.index.weight_map.erase("c");
    model.write_index();
    CHECK(contains(refusal(model.folder), "found no 'c'"));
  }
  {
    ShardedModel model;
    model.index.total_size = 13;
    model.write_index();
    CHECK(contains(refusal(model.folder), "expected a total_size of 12, found 13"));
    model.index.total_size.reset();
    model.write_index();
    CHECK(refusal(model.folder) == "");
  }
  {
    ShardedModel model;
    model.write_index();
    model.folder.remove(kSecond);
    CHECK(contains(refusal(model.folder), "expected the shard model-00002-of-00002"));
    model.folder.remove(kFirst);
    CHECK(recognise_model_folder(model.folder.path()) == WeightFormat::safetensors);
    CHECK(contains(refusal(model.folder), "expected the shard model-00001-of-00002"));
  }
}

TEST_CASE("read_model_folder: refuses a tensor in two files and names both") {
  ShardedModel model;
  model.folder.write(kSecond, small_file({"a", "c"}));
  model.write_index();
  const std::string message = refusal(model.folder);
  CHECK(
      contains(message, "model-00002-of-00002.safetensors: expected each tensor in one file"));
  CHECK(contains(message, "'c', which stands in model-00001-of-00002.safetensors"));
}

TEST_CASE("read_model_folder: refuses shards that are damaged or outside, naming the file") {
  ShardedModel model;
  model.folder.write("model.safetensors.index.json",
                     R"({"weight_map":{"a":"../x.safetensors"}})");
  CHECK(contains(refusal(model.folder), "index.json: tensor 'a': expected the relative path"));
  model.write_index();
  model.folder.write(kFirst, "garbage!");
  CHECK(contains(refusal(model.folder), "00001-of-00002.safetensors: SafeTensors byte 0"));
  model.folder.write("config.json", "{");
  model.folder.write(kFirst, small_file({"b", "c"}));
  CHECK(contains(refusal(model.folder), "config.json: malformed JSON"));
}

TEST_CASE("read_model_folder: prefers model.safetensors, else takes all files at the top") {
  const ScratchFolder folder;
  folder.write("x.safetensors", small_file({"a"}));
  folder.write("y.safetensors", small_file({"b"}));
  folder.write("sub/z.safetensors", small_file({"a"}));
  CHECK(read_model_folder(folder.path()).tensors.size() == 2);
  CHECK(read_model_folder(folder.path()).model_type.empty());
  folder.write("model.safetensors", small_file({"a", "b", "c"}));
  CHECK(read_model_folder(folder.path()).tensors.size() == 3);
}

TEST_CASE("read_model_folder: takes an index of another name, but not two of them") {
  const ScratchFolder folder;
  folder.write("w.safetensors", small_file({"a"}));
  folder.write("w.fp16.safetensors", small_file({"a"}));
  const ShardIndex index{4, {{"a", "w.safetensors"}}};
  folder.write("w.safetensors.index.json", write_shard_index(index));
  CHECK(read_model_folder(folder.path()).tensors.size() == 1);
  folder.write("v.safetensors.index.json", write_shard_index(index));
  CHECK(contains(refusal(folder), "expected one index"));
}

ByteBuffer gguf_part(const Names& names, std::uint32_t no, std::uint32_t count,
                     std::uint32_t n_tensors, ByteOrder order = ByteOrder::little) {
  GgufWriter writer{order};
  if (count > 0) {
    writer.add("split.no", GgufType::u16, std::int64_t{no});
    writer.add("split.count", GgufType::u16, std::int64_t{count});
    writer.add("split.tensors.count", GgufType::i32, std::int64_t{n_tensors});
  }
  std::vector<ByteView> data;
  static const ByteBuffer kZeros(32);
  for (const std::string& name : names) {
    writer.add_tensor(name, tensor::DType::f32, std::vector<std::uint64_t>{8});
    data.push_back(kZeros);
  }
  return writer.file(data);
}

TEST_CASE("read_model_folder: reads a split GGUF model in the order of its parts") {
  const ScratchFolder folder;
  folder.write("m-00001-of-00002.gguf", gguf_part({"a", "b"}, 1, 2, 3));
  folder.write("m-00002-of-00002.gguf", gguf_part({"c"}, 0, 2, 3));
  CHECK(recognise_model_folder(folder.path()) == WeightFormat::gguf);
  const ModelFolder model = read_model_folder(folder.path());
  CHECK(model.format == WeightFormat::gguf);
  CHECK(model.weight_files == std::vector<std::size_t>{1, 0});
  REQUIRE(model.tensors.size() == 3);
  CHECK(model.tensors[0].name == "c");
  CHECK(model.tensors[1].name == "a");
  CHECK(model.tensors[2].offset == model.tensors[1].offset + 32);
}

TEST_CASE("read_model_folder: refuses parts of a split that are missing or do not belong") {
  const ScratchFolder folder;
  folder.write("m-00001-of-00003.gguf", gguf_part({"a"}, 0, 3, 3));
  folder.write("m-00002-of-00003.gguf", gguf_part({"b"}, 1, 3, 3));
  CHECK(contains(refusal(folder), "expected all 3 parts of a split in the folder, found 2"));
  folder.write("m-00003-of-00003.gguf", gguf_part({"c"}, 1, 3, 3));
  CHECK(contains(refusal(folder), "expected a split.no of its own, found 1"));
  folder.write("m-00003-of-00003.gguf", gguf_part({"c"}, 3, 3, 3));
  CHECK(contains(refusal(folder), "expected a split.no below 3"));
  folder.write("m-00003-of-00003.gguf", gguf_part({"a"}, 2, 3, 3));
  CHECK(contains(refusal(folder), "'a', which stands in m-00001-of-00003.gguf"));
  folder.write("m-00003-of-00003.gguf", gguf_part({"c", "d"}, 2, 3, 3));
  CHECK(contains(refusal(folder), "split.tensors.count to be 4, found 3"));
  folder.write("m-00003-of-00003.gguf", gguf_part({"c"}, 2, 3, 3, ByteOrder::big));
  CHECK(contains(refusal(folder), "byte order of the other parts"));
  folder.write("m-00003-of-00003.gguf", gguf_part({"c"}, 2, 3, 3));
  CHECK(refusal(folder) == "");
}

TEST_CASE("recognise_model_folder: knows folders of one model from others") {
  const ScratchFolder folder;
  CHECK_FALSE(recognise_model_folder(folder.path()).has_value());
  folder.write("config.json", R"({"model_type":"llama"})");
  folder.write("notes.txt", "model.safetensors");
  folder.write(".cache.safetensors", "");
  folder.write("sub/model.safetensors", small_file({"a"}));
  CHECK_FALSE(recognise_model_folder(folder.path()).has_value());
  CHECK(contains(refusal(folder), "expected a folder that holds one model"));
  folder.write("q4.gguf", gguf_part({"a"}, 0, 0, 0, ByteOrder::big));
  CHECK(recognise_model_folder(folder.path()) == WeightFormat::gguf);
  CHECK(read_model_folder(folder.path()).byte_order == ByteOrder::big);
  folder.write("q8.gguf", gguf_part({"a"}, 0, 0, 0));
  CHECK_FALSE(recognise_model_folder(folder.path()).has_value());
  CHECK_FALSE(recognise_model_folder(folder.path() + "/notes.txt").has_value());
  CHECK_FALSE(recognise_model_folder(folder.path() + "/missing").has_value());
}

}  // namespace
}  // namespace hart::formats
