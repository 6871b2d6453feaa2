#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nn/transformer.h"

namespace hart::nn {

/// A model as Hugging Face's libraries save it, seen as GGUF would describe it: metadata out of
/// config.json under GGUF's keys, tensors under GGUF's names. Matrices stay where they are;
/// what GGUF keeps otherwise (Gemma's norms plus one, the frequencies' divisors) is made.
class HuggingFaceModel {
 public:
  /// Gives the tensor that the checkpoint calls `name`.
  using FindTensor = std::function<std::optional<tensor::TensorView>(std::string_view name)>;

  /// `config` is the text of config.json; `what` names it in messages. Throws Error(data) as
  /// formats::parse_hf_config does, and when the architecture is not known, by name.
  HuggingFaceModel(std::string_view config, const std::string& what, FindTensor find);
  ~HuggingFaceModel();
  HuggingFaceModel(HuggingFaceModel&&) noexcept;
  HuggingFaceModel& operator=(HuggingFaceModel&&) noexcept;

  /// Valid as long as this and the tensors' bytes are.
  [[nodiscard]] ModelSource source() const;
  [[nodiscard]] const formats::GgufHeader& header() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What a folder says of the vectors that it makes of text, beside the model itself. Source:
/// the files of the sentence-transformers library.
struct EmbeddingSettings {
  std::optional<Pooling> pooling;
  std::optional<bool> normalizes;  ///< vectors are divided by their length
  std::uint32_t max_tokens = 0;    ///< of a text, the special ones included; 0: not said
};

/// Each argument is the text of a file, or empty where there is none: modules.json,
/// 1_Pooling/config.json, sentence_bert_config.json. Throws Error(data) when one is not the
/// JSON that it should be or asks for a pooling that is not supported, by name.
[[nodiscard]] EmbeddingSettings read_embedding_settings(std::string_view modules,
                                                        std::string_view pooling,
                                                        std::string_view sentence);

}  // namespace hart::nn
