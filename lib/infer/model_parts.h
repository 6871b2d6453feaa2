#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/id.h"
#include "formats/gguf.h"
#include "infer/runnable_model.h"
#include "nn/hugging_face.h"
#include "nn/tokenizer.h"
#include "nn/transformer.h"
#include "store/store.h"

namespace hart::infer {

/// A model's metadata, tensors and tokenizer, wherever they lie: RunnableModel's inside.
struct ModelParts {
  /// What the bytes lie in, kept open: mapped files, or a stored model.
  std::shared_ptr<void> storage;
  std::string name;
  formats::GgufHeader header;  ///< of a GGUF model
  std::optional<nn::HuggingFaceModel> hugging_face;
  std::unordered_map<std::string, tensor::WeightMatrix> tensors;
  std::unique_ptr<nn::Tokenizer> tokenizer;
  nn::EmbeddingSettings embedding;  ///< as far as a folder's files say
  std::string chat_template;
  /// The hash of the files of a folder that say how its weights run; zeros of a GGUF model,
  /// whose structure covers all of that.
  Hash256 settings{};
  /// Gives the model's structure, the same whether it comes from files or a store; of files
  /// together with the root over their tensors, since both need all of them hashed.
  struct Identity {
    Id id;
    std::optional<TensorRoot> tensors;
  };
  std::function<Identity()> compute_identity;
  /// Of a stored model, whose tensors' ids stand in the catalog.
  std::function<TensorRoot()> compute_tensor_root;

  [[nodiscard]] const Id& id();
  [[nodiscard]] const TensorRoot& tensor_root();
  [[nodiscard]] std::optional<tensor::TensorView> find(std::string_view tensor) const;
  [[nodiscard]] nn::ModelSource source() const;

 private:
  const Identity& identity();

  std::optional<Identity> identity_;
};

/// Each throws as the functions of RunnableModel that name it.
[[nodiscard]] std::unique_ptr<ModelParts> open_gguf(const std::string& path);
[[nodiscard]] std::unique_ptr<ModelParts> open_folder(const std::string& path);
[[nodiscard]] std::unique_ptr<ModelParts> open_stored(store::Store& store,
                                                      const std::string& reference);

}  // namespace hart::infer
