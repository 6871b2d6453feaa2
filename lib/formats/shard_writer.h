#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "formats/payload_writer.h"
#include "formats/safetensors.h"
#include "formats/shard_index.h"

namespace hart::formats {

/// The name of the index beside the shards.
inline constexpr const char* kShardIndexName = "model.safetensors.index.json";

/// One SafeTensors file of a model.
struct Shard {
  std::string file;
  std::vector<SafetensorsTensor> tensors;  ///< in the order of their data
  ByteBuffer header;                       ///< everything before the data
};

struct ShardPlan {
  std::vector<Shard> shards;
  std::optional<ShardIndex> index;  ///< only where there is more than one shard
};

/// Splits `tensors` into files as Hugging Face's libraries do: in the given order, a new one
/// wherever the next tensor would take the current one beyond `max_bytes` of tensor data, so
/// that a larger tensor gets a file of its own. One file is called `model.safetensors`, several
/// `model-00001-of-00002.safetensors` and so on. Within a file tensors are sorted by
/// sort_for_safetensors. Every header carries `metadata`. Throws Error(usage) when `max_bytes`
/// is 0, and as write_safetensors_header does; a name given twice is Error(data).
[[nodiscard]] ShardPlan plan_shards(
    std::span<const SafetensorsTensor> tensors, std::uint64_t max_bytes,
    std::span<const std::pair<std::string, std::string>> metadata = {});

/// Gives the bytes of a tensor to the sink, in pieces of any size.
using TensorSource = std::function<void(const SafetensorsTensor& tensor, const ByteSink& sink)>;

/// Writes one file to `sink`, asking `source` for each tensor in turn. Throws Error(usage)
/// naming the tensor of which `source` gives fewer or more bytes than described.
void write_shard(const Shard& shard, const ByteSink& sink, const TensorSource& source);

}  // namespace hart::formats
