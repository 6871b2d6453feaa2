#include "formats/tensor_names.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/error.h"

namespace hart::formats {
namespace {

/// Sets of architectures, a bit each.
enum : unsigned {
  kLlama = 1,
  kQwen2 = 2,
  kQwen3 = 4,
  kGemma = 8,
  kGemma2 = 16,
  kGemma3 = 32,
  kPhi3 = 64,
  kAll = 127,  ///< decoders
  kBert = 128,
  kNomic = 256,
  kEncoders = kBert | kNomic,
  kSandwich = kGemma2 | kGemma3,  ///< norms before and after each half of a block
  kAllGemma = kGemma | kSandwich,
};

struct Architecture {
  std::string_view name;
  unsigned bit;
};

constexpr std::array kArchitectures{
    Architecture{"llama", kLlama},      Architecture{"qwen2", kQwen2},
    Architecture{"qwen3", kQwen3},      Architecture{"gemma", kGemma},
    Architecture{"gemma2", kGemma2},    Architecture{"gemma3", kGemma3},
    Architecture{"phi3", kPhi3},        Architecture{"bert", kBert},
    Architecture{"nomic-bert", kNomic},
};

/// Names without their ".weight" or ".bias", and without the block's prefix where there is one.
struct NamePair {
  std::string_view hugging_face;
  std::string_view gguf;
  unsigned architectures;
};

constexpr std::array kModelNames{
    NamePair{"model.embed_tokens", "token_embd", kAll},
    NamePair{"model.norm", "output_norm", kAll},
    NamePair{"lm_head", "output", kAll},
    NamePair{"embeddings.word_embeddings", "token_embd", kEncoders},
    NamePair{"embeddings.position_embeddings", "position_embd", kBert},
    NamePair{"embeddings.token_type_embeddings", "token_types", kEncoders},
    NamePair{"embeddings.LayerNorm", "token_embd_norm", kBert},
    NamePair{"emb_ln", "token_embd_norm", kNomic},
};

constexpr std::array kBlockNames{
    NamePair{"input_layernorm", "attn_norm", kAll},
    NamePair{"self_attn.q_proj", "attn_q", kAll & ~kPhi3},
    NamePair{"self_attn.k_proj", "attn_k", kAll & ~kPhi3},
    NamePair{"self_attn.v_proj", "attn_v", kAll & ~kPhi3},
    NamePair{"self_attn.qkv_proj", "attn_qkv", kPhi3},
    NamePair{"self_attn.o_proj", "attn_output", kAll},
    NamePair{"self_attn.q_norm", "attn_q_norm", kQwen3 | kGemma3},
    NamePair{"self_attn.k_norm", "attn_k_norm", kQwen3 | kGemma3},
    NamePair{"post_attention_layernorm", "ffn_norm", kAll & ~kSandwich},
    NamePair{"post_attention_layernorm", "post_attention_norm", kSandwich},
    NamePair{"pre_feedforward_layernorm", "ffn_norm", kSandwich},
    NamePair{"post_feedforward_layernorm", "post_ffw_norm", kSandwich},
    NamePair{"mlp.gate_proj", "ffn_gate", kAll & ~kPhi3},
    NamePair{"mlp.up_proj", "ffn_up", kAll & ~kPhi3},
    NamePair{"mlp.gate_up_proj", "ffn_up", kPhi3},
    NamePair{"mlp.down_proj", "ffn_down", kAll},
    NamePair{"attention.self.query", "attn_q", kBert},
    NamePair{"attention.self.key", "attn_k", kBert},
    NamePair{"attention.self.value", "attn_v", kBert},
    NamePair{"attention.output.dense", "attn_output", kBert},
    NamePair{"attention.output.LayerNorm", "attn_output_norm", kBert},
    NamePair{"intermediate.dense", "ffn_up", kBert},
    NamePair{"output.dense", "ffn_down", kBert},
    NamePair{"output.LayerNorm", "layer_output_norm", kBert},
    NamePair{"attn.Wqkv", "attn_qkv", kNomic},
    NamePair{"attn.out_proj", "attn_output", kNomic},
    NamePair{"norm1", "attn_output_norm", kNomic},
    NamePair{"mlp.fc11", "ffn_up", kNomic},
    NamePair{"mlp.fc12", "ffn_gate", kNomic},
    NamePair{"mlp.fc2", "ffn_down", kNomic},
    NamePair{"norm2", "layer_output_norm", kNomic},
};

unsigned architecture_bit(std::string_view name) noexcept {
  const auto* found =
      std::find_if(kArchitectures.begin(), kArchitectures.end(),
                   [&](const Architecture& architecture) { return architecture.name == name; });
  return found == kArchitectures.end() ? 0 : found->bit;
}

/// A name in parts: "model.layers.3." + "self_attn.q_proj" + ".weight".
struct NameParts {
  std::string_view layer;  ///< its number; empty outside the blocks
  std::string_view stem;
  std::string_view suffix;
};

std::optional<NameParts> take_apart(std::string_view name, std::string_view block_prefix) {
  NameParts parts;
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  parts.suffix = name.substr(dot);
  if (parts.suffix != ".weight" && parts.suffix != ".bias") return std::nullopt;
  parts.stem = name.substr(0, dot);
  if (!parts.stem.starts_with(block_prefix)) return parts;
  parts.stem.remove_prefix(block_prefix.size());
  const std::size_t end = parts.stem.find('.');
  if (end == std::string_view::npos) return std::nullopt;
  parts.layer = parts.stem.substr(0, end);
  parts.stem.remove_prefix(end + 1);
  // Only the plain form of a number survives the way there and back.
  const bool is_number = !parts.layer.empty() &&
                         std::all_of(parts.layer.begin(), parts.layer.end(),
                                     [](char c) { return c >= '0' && c <= '9'; }) &&
                         (parts.layer.size() == 1 || parts.layer[0] != '0');
  return is_number ? std::optional{parts} : std::nullopt;
}

TensorChange change_of(unsigned architecture, std::string_view gguf_stem) noexcept {
  if (architecture == kLlama && gguf_stem == "attn_q") return TensorChange::query_rows;
  if (architecture == kLlama && gguf_stem == "attn_k") return TensorChange::key_rows;
  if ((architecture & kAllGemma) != 0 && gguf_stem.ends_with("_norm"))
    return TensorChange::plus_one;
  return TensorChange::none;
}

/// The way between the two forms: which prefix blocks have, and which column of the tables.
struct Form {
  std::string_view block_prefix;
  std::string_view NamePair::*stem;
};

constexpr Form kGguf{"blk.", &NamePair::gguf};

Form hugging_face_form(unsigned architecture) noexcept {
  const std::string_view prefix = architecture == kBert    ? "encoder.layer."
                                  : architecture == kNomic ? "encoder.layers."
                                                           : "model.layers.";
  return {prefix, &NamePair::hugging_face};
}

std::optional<TensorName> translate(unsigned bit, std::string_view name, const Form& from,
                                    const Form& to) {
  const auto parts = take_apart(name, from.block_prefix);
  if (bit == 0 || !parts) return std::nullopt;
  const bool in_block = !parts->layer.empty();
  const NamePair* begin = in_block ? kBlockNames.data() : kModelNames.data();
  const NamePair* end = begin + (in_block ? kBlockNames.size() : kModelNames.size());
  const NamePair* found = std::find_if(begin, end, [&](const NamePair& pair) {
    return (pair.architectures & bit) != 0 && pair.*from.stem == parts->stem;
  });
  if (found == end) return std::nullopt;
  TensorName result;
  if (in_block) result.name.append(to.block_prefix).append(parts->layer).append(".");
  result.name.append(found->*to.stem).append(parts->suffix);
  result.change = change_of(bit, found->gguf);
  return result;
}

/// Copies every row to its place. `place`, given a row's number in pairs and in halves, says
/// which is the target and which the source.
template <typename Place>
ByteBuffer permute_rows(ByteView rows, std::uint64_t row_bytes, std::uint64_t n_heads,
                        const Place& place) {
  const std::uint64_t n_rows = row_bytes == 0 ? 0 : rows.size() / row_bytes;
  if (n_rows == 0 || n_rows * row_bytes != rows.size() || n_heads == 0 ||
      n_rows % n_heads != 0 || n_rows / n_heads % 2 != 0)
    throw Error{Fault::data, std::to_string(rows.size()) + " bytes are not " +
                                 std::to_string(n_heads) +
                                 " heads of an even number of rows of " +
                                 std::to_string(row_bytes) + " bytes"};
  ByteBuffer out(rows.size());
  for (std::uint64_t row = 0; row < n_rows; ++row) {
    const auto [target, source] = place(row, rope_source_row(row, n_rows / n_heads));
    std::memcpy(out.data() + target * row_bytes, rows.data() + source * row_bytes, row_bytes);
  }
  return out;
}

}  // namespace

std::string_view gguf_architecture(std::string_view model_type) noexcept {
  if (model_type == "mistral") return "llama";
  if (model_type == "gemma3_text") return "gemma3";
  if (model_type == "nomic_bert") return "nomic-bert";
  const auto* found =
      std::find_if(kArchitectures.begin(), kArchitectures.end(),
                   [&](const Architecture& known) { return known.name == model_type; });
  return found == kArchitectures.end() ? std::string_view{} : found->name;
}

std::optional<TensorName> gguf_tensor_name(std::string_view architecture,
                                           std::string_view name) {
  const unsigned bit = architecture_bit(architecture);
  // A checkpoint of the encoder alone lacks the prefix that one with a head has.
  if ((bit & kEncoders) != 0 && name.starts_with("bert.")) name.remove_prefix(5);
  return translate(bit, name, hugging_face_form(bit), kGguf);
}

std::optional<TensorName> hugging_face_tensor_name(std::string_view architecture,
                                                   std::string_view name) {
  const unsigned bit = architecture_bit(architecture);
  return translate(bit, name, kGguf, hugging_face_form(bit));
}

ByteBuffer interleave_rope_rows(ByteView rows, std::uint64_t row_bytes, std::uint64_t n_heads) {
  return permute_rows(rows, row_bytes, n_heads, [](std::uint64_t pairs, std::uint64_t halves) {
    return std::pair{pairs, halves};
  });
}

ByteBuffer split_rope_rows(ByteView rows, std::uint64_t row_bytes, std::uint64_t n_heads) {
  return permute_rows(rows, row_bytes, n_heads, [](std::uint64_t pairs, std::uint64_t halves) {
    return std::pair{halves, pairs};
  });
}

}  // namespace hart::formats
