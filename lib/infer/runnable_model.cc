#include "infer/runnable_model.h"

#include <filesystem>
#include <optional>

#include "core/error.h"
#include "crypto/sha256.h"
#include "infer/model_parts.h"

namespace hart::infer {

struct RunnableModel::Impl {
  std::unique_ptr<ModelParts> parts;
  std::unique_ptr<nn::TransformerModel> weights;
};

RunnableModel::RunnableModel(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
RunnableModel::RunnableModel(RunnableModel&&) noexcept = default;
RunnableModel& RunnableModel::operator=(RunnableModel&&) noexcept = default;
RunnableModel::~RunnableModel() = default;

RunnableModel RunnableModel::from_file(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->parts = std::filesystem::is_directory(path) ? open_folder(path) : open_gguf(path);
  return RunnableModel{std::move(impl)};
}

RunnableModel RunnableModel::from_store(store::Store& store, const std::string& reference) {
  auto impl = std::make_unique<Impl>();
  impl->parts = open_stored(store, reference);
  return RunnableModel{std::move(impl)};
}

const Id& RunnableModel::id() const {
  return impl_->parts->id();
}

const TensorRoot& RunnableModel::tensor_root() const {
  return impl_->parts->tensor_root();
}

Hash256 RunnableModel::fingerprint() const {
  const auto space = static_cast<std::uint8_t>(id().space);
  return crypto::sha256_concat({{&space, 1}, id().hash, impl_->parts->settings});
}

const std::string& RunnableModel::name() const noexcept {
  return impl_->parts->name;
}

const nn::TransformerModel& RunnableModel::weights() {
  if (!impl_->weights) {
    try {
      impl_->weights = std::make_unique<nn::TransformerModel>(impl_->parts->source());
    } catch (const Error& error) {
      throw Error{error.fault(), name() + ": " + error.what()};
    }
  }
  return *impl_->weights;
}

const nn::Tokenizer& RunnableModel::tokenizer() const noexcept {
  return *impl_->parts->tokenizer;
}

nn::EmbeddingSettings RunnableModel::embedding() {
  nn::EmbeddingSettings settings = impl_->parts->embedding;
  const nn::TransformerParameters& p = weights().parameters();
  if (!settings.pooling && p.pooling != nn::Pooling::none) settings.pooling = p.pooling;
  if (!settings.pooling)
    settings.pooling = p.architecture->is_causal ? nn::Pooling::last : nn::Pooling::mean;
  if (!settings.normalizes) settings.normalizes = true;
  if (settings.max_tokens == 0 || settings.max_tokens > p.context_length)
    settings.max_tokens = p.context_length;
  return settings;
}

std::string RunnableModel::chat_template() const {
  return impl_->parts->chat_template;
}

bool is_model_file(const std::string& reference) {
  std::error_code error;
  return (reference.find('/') != std::string::npos || reference.ends_with(".gguf")) &&
         std::filesystem::exists(reference, error);
}

}  // namespace hart::infer
