#include "formats/shard_writer.h"

#include <algorithm>
#include <cstdio>

#include "core/checked.h"
#include "core/error.h"

namespace hart::formats {
namespace {

std::string shard_name(std::size_t number, std::size_t count) {
  if (count == 1) return "model.safetensors";
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", number, count);
  return name;
}

/// The tensors of each shard, at least one shard.
std::vector<Shard> split(std::span<const SafetensorsTensor> tensors, std::uint64_t max_bytes) {
  std::vector<Shard> shards(1);
  std::uint64_t shard_bytes = 0;
  for (const SafetensorsTensor& tensor : tensors) {
    const std::uint64_t bytes = tensor::tensor_bytes(tensor.dtype, tensor.shape);
    const bool fits = bytes <= max_bytes && shard_bytes <= max_bytes - bytes;
    if (!fits && !shards.back().tensors.empty()) {
      shards.emplace_back();
      shard_bytes = 0;
    }
    shards.back().tensors.push_back(tensor);
    shard_bytes = checked_add(shard_bytes, bytes, "SafeTensors shard");
  }
  return shards;
}

ShardIndex index_of(const std::vector<Shard>& shards) {
  ShardIndex index;
  std::uint64_t total = 0;
  for (const Shard& shard : shards) {
    for (const SafetensorsTensor& tensor : shard.tensors) {
      total = checked_add(total, tensor.bytes, "SafeTensors shards");
      if (!index.weight_map.emplace(tensor.name, shard.file).second)
        throw Error{Fault::data, "tensor '" + tensor.name + "' is given twice"};
    }
  }
  index.total_size = total;
  return index;
}

}  // namespace

ShardPlan plan_shards(std::span<const SafetensorsTensor> tensors, std::uint64_t max_bytes,
                      std::span<const std::pair<std::string, std::string>> metadata) {
  if (max_bytes == 0) throw Error{Fault::usage, "a shard of at most 0 bytes holds nothing"};
  ShardPlan plan;
  plan.shards = split(tensors, max_bytes);
  for (std::size_t i = 0; i < plan.shards.size(); ++i) {
    Shard& shard = plan.shards[i];
    shard.file = shard_name(i + 1, plan.shards.size());
    sort_for_safetensors(shard.tensors);
    std::uint64_t offset = 0;
    for (SafetensorsTensor& tensor : shard.tensors) {
      tensor.offset = offset;
      tensor.bytes = tensor::tensor_bytes(tensor.dtype, tensor.shape);
      offset += tensor.bytes;
    }
    shard.header = write_safetensors_header(shard.tensors, metadata);
  }
  if (plan.shards.size() > 1) plan.index = index_of(plan.shards);
  return plan;
}

void write_shard(const Shard& shard, const ByteSink& sink, const TensorSource& source) {
  PayloadWriter writer{sink, shard.header, safetensors_payload(shard.tensors)};
  for (const SafetensorsTensor& tensor : shard.tensors) {
    std::uint64_t given = 0;
    source(tensor, [&](ByteView piece) {
      given += piece.size();
      if (given <= tensor.bytes) writer.write(piece);
    });
    if (given != tensor.bytes)
      throw Error{Fault::usage, "tensor '" + tensor.name + "': " + std::to_string(given) +
                                    " bytes given, " + std::to_string(tensor.bytes) +
                                    " described"};
  }
  writer.finish();
}

}  // namespace hart::formats
