#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hart::formats {

/// A `*.safetensors.index.json`: which file of a folder holds which tensor.
/// Source: `save_pretrained` of huggingface/transformers, which writes it, and its loader.
struct ShardIndex {
  std::optional<std::uint64_t> total_size;        ///< bytes of all tensors
  std::map<std::string, std::string> weight_map;  ///< tensor -> file, relative, '/' separated

  /// The files, each once, sorted.
  [[nodiscard]] std::vector<std::string> files() const;
};

/// Whether `name` may stand for a shard: a relative path of '/' separated components that ends
/// in ".safetensors", none of them empty or beginning with a dot, UTF-8 without backslashes and
/// control characters. Such a name stays inside the folder unless a symbolic link leads out.
[[nodiscard]] bool is_shard_name(std::string_view name) noexcept;

/// Parses an index. Members other than `weight_map` and `metadata.total_size` are ignored.
/// Throws Error(data) beginning with `what` (the file's name) when it is no JSON object,
/// `weight_map` is missing or not an object of strings, a tensor or a member stands twice, a
/// file is no shard name, or total_size is not a whole number.
[[nodiscard]] ShardIndex parse_shard_index(std::string_view text, const std::string& what);

/// The JSON of `index` as Hugging Face writes it: indented by two, tensors sorted, a line feed
/// at the end. parse_shard_index gives `index` back.
[[nodiscard]] std::string write_shard_index(const ShardIndex& index);

}  // namespace hart::formats
