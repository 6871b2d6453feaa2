#include "formats/shard_writer.h"

#include "core/endian.h"
#include "core/error.h"
#include "formats/model_folder.h"
#include "scratch_folder.h"

namespace hart::formats {
namespace {

std::vector<SafetensorsTensor> bytes_tensors(const std::vector<std::uint64_t>& sizes) {
  std::vector<SafetensorsTensor> tensors;
  for (const std::uint64_t size : sizes)
    tensors.push_back({"t" + std::to_string(tensors.size()), tensor::DType::u8, {size}, 0, 0});
  return tensors;
}

std::vector<std::size_t> shard_sizes(const ShardPlan& plan) {
  std::vector<std::size_t> sizes;
  for (const Shard& shard : plan.shards) sizes.push_back(shard.tensors.size());
  return sizes;
}

void fill(const SafetensorsTensor& tensor, const ByteSink& sink) {
  for (std::uint64_t i = 0; i < tensor.bytes; ++i)
    sink(ByteBuffer{static_cast<std::uint8_t>(tensor.name.back())});
}

TEST_CASE("plan_shards: starts a new file where the next tensor would not fit") {
  using Sizes = std::vector<std::size_t>;
  CHECK(shard_sizes(plan_shards(bytes_tensors({4, 6, 1}), 10)) == Sizes{2, 1});
  CHECK(shard_sizes(plan_shards(bytes_tensors({4, 6, 1}), 11)) == Sizes{3});
  CHECK(shard_sizes(plan_shards(bytes_tensors({20, 1, 20, 20}), 10)) == Sizes{1, 1, 1, 1});
  CHECK(shard_sizes(plan_shards(bytes_tensors({0, 10, 0}), 10)) == Sizes{3});
  CHECK(shard_sizes(plan_shards(bytes_tensors({1, 1ull << 62, 1}), ~0ull)) == Sizes{3});
  CHECK(shard_sizes(plan_shards({}, 10)) == Sizes{0});
  CHECK_THROWS_AS(static_cast<void>(plan_shards(bytes_tensors({1}), 0)), Error);
}

TEST_CASE("plan_shards: names one file and several as Hugging Face does") {
  const ShardPlan one = plan_shards(bytes_tensors({4}), 4);
  CHECK(one.shards[0].file == "model.safetensors");
  CHECK_FALSE(one.index.has_value());
  const ShardPlan two = plan_shards(bytes_tensors({4, 4}), 4);
  CHECK(two.shards[0].file == "model-00001-of-00002.safetensors");
  CHECK(two.shards[1].file == "model-00002-of-00002.safetensors");
  REQUIRE(two.index.has_value());
  CHECK(two.index->total_size == 8);
  CHECK(two.index->weight_map.at("t1") == two.shards[1].file);
}

TEST_CASE("plan_shards: refuses a name given twice, within a file and across files") {
  std::vector<SafetensorsTensor> tensors = bytes_tensors({4, 4});
  tensors[1].name = "t0";
  CHECK_THROWS_AS(static_cast<void>(plan_shards(tensors, 100)), Error);
  CHECK_THROWS_AS(static_cast<void>(plan_shards(tensors, 4)), Error);
}

TEST_CASE("write_shard: the folder it fills reads back as one model") {
  std::vector<SafetensorsTensor> tensors = bytes_tensors({3, 5, 8, 2});
  tensors[2].dtype = tensor::DType::f32;
  tensors[2].shape = {1, 2};
  const std::vector<std::pair<std::string, std::string>> metadata{{"format", "pt"}};
  const ShardPlan plan = plan_shards(tensors, 11, metadata);
  const ScratchFolder folder;
  for (const Shard& shard : plan.shards) {
    ByteBuffer file;
    write_shard(
        shard, [&](ByteView bytes) { append(file, bytes); }, fill);
    CHECK(parse_safetensors(file, file.size()).metadata == metadata);
    folder.write(shard.file, file);
  }
  folder.write(kShardIndexName, write_shard_index(plan.index.value()));
  const ModelFolder model = read_model_folder(folder.path());
  CHECK(model.weight_files.size() == 2);
  REQUIRE(model.tensors.size() == 4);
  CHECK(model.tensors[2].name == "t2");
  CHECK(model.tensors[2].shape == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("write_shard: refuses a source that gives too few or too many bytes") {
  const ShardPlan plan = plan_shards(bytes_tensors({4, 4}), 100);
  for (const std::size_t size : {0u, 3u, 5u, 8u}) {
    CAPTURE(size);
    ByteBuffer file;
    const auto source = [&](const SafetensorsTensor&, const ByteSink& sink) {
      sink(ByteBuffer(size));
    };
    CHECK_THROWS_WITH_AS(
        write_shard(
            plan.shards[0], [&](ByteView bytes) { append(file, bytes); }, source),
        doctest::Contains("tensor 't0': "), Error);
  }
}

}  // namespace
}  // namespace hart::formats
