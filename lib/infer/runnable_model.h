#pragma once

#include <memory>
#include <string>

#include "core/id.h"
#include "core/mapped_file.h"
#include "nn/llama.h"
#include "nn/tokenizer.h"
#include "store/store.h"

namespace hart::infer {

/// A language model that is ready to run, its weights where they lie: mapped from a GGUF file
/// or from a store's packs, never copied.
class RunnableModel {
 public:
  /// From a .gguf file. Throws as MappedFile and parse_gguf do, and Error(data) when the
  /// architecture or the tokenizer is not supported, by name.
  static RunnableModel from_file(const std::string& path);
  /// From a store, which must outlive the model. Throws Error(no_input) when the tenant holds
  /// no such object, Error(data) when it is no language model.
  static RunnableModel from_store(store::Store& store, const std::string& reference);

  RunnableModel(RunnableModel&&) noexcept;
  RunnableModel& operator=(RunnableModel&&) noexcept;
  ~RunnableModel();

  /// The model's structure: the same whether it came from a file or a store.
  [[nodiscard]] const Id& id() const;
  /// The object's name in the store, or the file's base name.
  [[nodiscard]] const std::string& name() const noexcept;
  /// Throws Error(data) when the file holds a vocabulary alone.
  [[nodiscard]] const nn::LlamaModel& weights();
  [[nodiscard]] const nn::Tokenizer& tokenizer() const noexcept;

 private:
  struct Impl;
  explicit RunnableModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// True when `reference` can only be a file: it contains a slash or ends in .gguf, and the file
/// is there.
[[nodiscard]] bool is_model_file(const std::string& reference);

}  // namespace hart::infer
