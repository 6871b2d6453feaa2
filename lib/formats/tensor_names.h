#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace hart::formats {

/// What else changes when a tensor moves between a Hugging Face model and GGUF.
enum class TensorChange : std::uint8_t {
  none,
  /// The rows of each query head go from two halves to pairs: interleave_rope_rows.
  query_rows,
  /// The same for the key heads.
  key_rows,
  /// GGUF holds the norm's weight plus one, which Gemma's forward pass adds; back, minus one.
  plus_one,
};

struct TensorName {
  std::string name;
  TensorChange change = TensorChange::none;
};

/// `general.architecture` of the models whose config.json has this `model_type`: llama and
/// mistral are "llama"; qwen2, qwen3, gemma, gemma2, gemma3 ("gemma3_text") and phi3 keep their
/// names, as bert and nomic_bert ("nomic-bert") do. Empty when the names of its tensors are not
/// known.
[[nodiscard]] std::string_view gguf_architecture(std::string_view model_type) noexcept;

/// The name in GGUF of the tensor that a Hugging Face model of `architecture` calls `name`, as
/// "blk.3.attn_q.weight" for "model.layers.3.self_attn.q_proj.weight". Nothing when the
/// architecture or the name is not known: such a tensor keeps its name. Source: the tensor
/// mapping of llama.cpp's gguf-py and the model classes of its convert_hf_to_gguf.py.
[[nodiscard]] std::optional<TensorName> gguf_tensor_name(std::string_view architecture,
                                                         std::string_view name);

/// The inverse of gguf_tensor_name; `change` is the one to undo.
[[nodiscard]] std::optional<TensorName> hugging_face_tensor_name(std::string_view architecture,
                                                                 std::string_view name);

/// The row of a half-split tensor that becomes row `row` of the interleaved one, `head_dim`
/// rows a head: rows 2i and 2i + 1 of a head are its rows i and i + head_dim / 2. Rotary
/// embedding turns pairs of rows; Hugging Face pairs a row with the one half a head further,
/// llama's GGUF files with the next.
[[nodiscard]] constexpr std::uint64_t rope_source_row(std::uint64_t row,
                                                      std::uint64_t head_dim) noexcept {
  const std::uint64_t in_head = row % head_dim;
  return row - in_head + in_head / 2 + in_head % 2 * (head_dim / 2);
}

/// Reorders the rows of a query or key weight (n_heads * head_dim rows of `row_bytes` bytes, of
/// any type whose rows are whole blocks) or bias (rows of one element) from Hugging Face's
/// order to that of llama's GGUF files. Throws Error(data) when `rows` are not `n_heads` heads
/// of an even number of rows.
[[nodiscard]] ByteBuffer interleave_rope_rows(ByteView rows, std::uint64_t row_bytes,
                                              std::uint64_t n_heads);
/// The inverse.
[[nodiscard]] ByteBuffer split_rope_rows(ByteView rows, std::uint64_t row_bytes,
                                         std::uint64_t n_heads);

}  // namespace hart::formats
