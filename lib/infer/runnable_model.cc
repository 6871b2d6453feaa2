#include "infer/runnable_model.h"

#include <filesystem>
#include <optional>
#include <unordered_map>

#include "atom/export.h"
#include "atom/identity.h"
#include "atom/model_view.h"
#include "core/error.h"
#include "formats/gguf.h"

namespace hart::infer {
namespace {

/// The model's identity, as ingest would compute it: every tensor's blocks are hashed.
Id model_id(const formats::GgufHeader& header, ByteView file) {
  const atom::ModelView view =
      atom::view_model(formats::FileFormat::gguf, file.first(header.header_bytes), file.size());
  atom::NamedTensorsBuilder model{view.canonical_metadata};
  for (const atom::ModelTensor& tensor : view.tensors) {
    crypto::MerkleBuilder blocks;
    const ByteView bytes = file.subspan(tensor.offset, tensor.bytes);
    for (std::size_t at = 0; at < bytes.size(); at += crypto::kBlockBytes)
      blocks.add_leaf_hash(crypto::leaf_hash(
          bytes.subspan(at, std::min(crypto::kBlockBytes, bytes.size() - at))));
    model.add(tensor.name, atom::structure_id(atom::describe_tensor(tensor.dtype, tensor.shape,
                                                                    tensor.bytes, blocks)));
  }
  return atom::structure_id(model.describe());
}

}  // namespace

struct RunnableModel::Impl {
  MappedFile file;
  std::optional<atom::StoredModel> stored;
  formats::GgufHeader header;
  std::string name;
  mutable std::optional<Id> id;
  std::unique_ptr<nn::Tokenizer> tokenizer;
  std::unique_ptr<nn::LlamaModel> weights;
  std::unordered_map<std::string_view, const atom::StoredTensor*> tensors;

  [[nodiscard]] nn::ModelSource source() {
    if (!stored) return nn::gguf_source(header, file.bytes());
    return {header, [this](std::string_view tensor) -> std::optional<tensor::TensorView> {
              const auto found = tensors.find(tensor);
              if (found == tensors.end()) return std::nullopt;
              return tensor::TensorView{static_cast<tensor::DType>(found->second->dtype),
                                        found->second->shape, found->second->bytes.bytes()};
            }};
  }
};

RunnableModel::RunnableModel(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
RunnableModel::RunnableModel(RunnableModel&&) noexcept = default;
RunnableModel& RunnableModel::operator=(RunnableModel&&) noexcept = default;
RunnableModel::~RunnableModel() = default;

RunnableModel RunnableModel::from_file(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->file = MappedFile{path};
  try {
    impl->header = formats::parse_gguf(impl->file.bytes(), impl->file.bytes().size());
    impl->tokenizer = nn::make_tokenizer(impl->header);
  } catch (const Error& error) {
    throw Error{error.fault(), path + ": " + error.what()};
  }
  impl->name = std::filesystem::path{path}.filename().string();
  return RunnableModel{std::move(impl)};
}

RunnableModel RunnableModel::from_store(store::Store& store, const std::string& reference) {
  auto impl = std::make_unique<Impl>();
  impl->stored.emplace(atom::open_model(store, reference));
  const atom::StoredModel& stored = *impl->stored;
  if (stored.format != "gguf")
    throw Error{Fault::data, reference + ": a " + stored.format +
                                 " model; language models run from GGUF in this version"};
  try {
    impl->header = formats::parse_gguf(stored.header, stored.file_bytes);
    impl->tokenizer = nn::make_tokenizer(impl->header);
  } catch (const Error& error) {
    throw Error{error.fault(), reference + ": " + error.what()};
  }
  for (const atom::StoredTensor& tensor : stored.tensors)
    impl->tensors.emplace(tensor.name, &tensor);
  impl->name = stored.object.name;
  impl->id = stored.object.structure;
  return RunnableModel{std::move(impl)};
}

const Id& RunnableModel::id() const {
  if (!impl_->id) impl_->id = model_id(impl_->header, impl_->file.bytes());
  return *impl_->id;
}

const std::string& RunnableModel::name() const noexcept {
  return impl_->name;
}

const nn::LlamaModel& RunnableModel::weights() {
  if (!impl_->weights) {
    try {
      impl_->weights = std::make_unique<nn::LlamaModel>(impl_->source());
    } catch (const Error& error) {
      throw Error{error.fault(), impl_->name + ": " + error.what()};
    }
  }
  return *impl_->weights;
}

const nn::Tokenizer& RunnableModel::tokenizer() const noexcept {
  return *impl_->tokenizer;
}

bool is_model_file(const std::string& reference) {
  std::error_code error;
  return (reference.find('/') != std::string::npos || reference.ends_with(".gguf")) &&
         std::filesystem::exists(reference, error);
}

}  // namespace hart::infer
