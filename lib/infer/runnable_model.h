#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/id.h"
#include "nn/hugging_face.h"
#include "nn/tokenizer.h"
#include "nn/transformer.h"
#include "store/store.h"

namespace hart::infer {

/// Which tensors a model is made of, in one digest.
struct TensorRoot {
  std::uint32_t count = 0;
  /// RFC 9162 root over the tensors' ids in their order; a leaf is the space as a byte and the
  /// digest.
  Hash256 root{};
};

/// A language model or an encoder that is ready to run, its weights where they lie: mapped from
/// a GGUF file, a Hugging Face folder, or a store's packs, never copied.
class RunnableModel {
 public:
  /// From a .gguf file or a folder with config.json, tokenizer.json and SafeTensors. Throws as
  /// MappedFile, parse_gguf and read_model_folder do, and Error(data) when the architecture or
  /// the tokenizer is not supported, by name.
  static RunnableModel from_file(const std::string& path);
  /// From a store, which must outlive the model. Throws Error(no_input) when the tenant holds
  /// no such object, Error(data) when it is no language model.
  static RunnableModel from_store(store::Store& store, const std::string& reference);

  RunnableModel(RunnableModel&&) noexcept;
  RunnableModel& operator=(RunnableModel&&) noexcept;
  ~RunnableModel();

  /// The model's structure: the same whether it came from a file or a store.
  [[nodiscard]] const Id& id() const;
  /// Computed once, when first asked for: from the catalog of a store, or by hashing a file.
  [[nodiscard]] const TensorRoot& tensor_root() const;
  /// Of all that decides what the model computes: its structure, and what the files of its
  /// folder say about how it runs. For keys of caches.
  [[nodiscard]] Hash256 fingerprint() const;
  /// The object's name in the store, or the file's base name.
  [[nodiscard]] const std::string& name() const noexcept;
  /// Throws Error(data) when the file holds a vocabulary alone.
  [[nodiscard]] const nn::TransformerModel& weights();
  [[nodiscard]] const nn::Tokenizer& tokenizer() const noexcept;
  /// How the model makes one vector of a text: by the files of its folder, else by its
  /// metadata, else the mean of an encoder and the last token of another.
  [[nodiscard]] nn::EmbeddingSettings embedding();
  /// The template that turns a conversation into a prompt; empty where the model has none.
  [[nodiscard]] std::string chat_template() const;

 private:
  struct Impl;
  explicit RunnableModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// True when `reference` can only be a file or a folder: it contains a slash or ends in .gguf,
/// and it is there.
[[nodiscard]] bool is_model_file(const std::string& reference);

}  // namespace hart::infer
