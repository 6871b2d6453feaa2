#include "infer/embedder.h"

#include <algorithm>
#include <filesystem>

#include "atom/export.h"
#include "atom/identity.h"
#include "atom/model_catalog.h"
#include "core/error.h"
#include "infer/runnable_model.h"
#include "nn/pooling.h"
#include "nn/word_vectors.h"

namespace hart::infer {
namespace {

class WordEmbedder : public Embedder {
 public:
  explicit WordEmbedder(const std::string& path) : file_{path} { take(file_.bytes()); }
  WordEmbedder(store::Store& store, const store::Object& object) {
    atom::read_content(store, *store::atom_by_id(store, object.atom_id),
                       [&](ByteView part) { append(stored_, part); });
    take(stored_);
  }

  [[nodiscard]] const std::string& name() const noexcept override { return vectors_->name(); }
  [[nodiscard]] Id id() override { return id_; }
  [[nodiscard]] std::size_t dims() override { return vectors_->dims(); }
  [[nodiscard]] std::optional<TextVector> embed(std::string_view text) override {
    auto vector = vectors_->embed(text);
    if (!vector) return std::nullopt;
    return TextVector{*std::move(vector)};
  }

 private:
  void take(ByteView bytes) {
    vectors_.emplace(bytes);
    id_ = atom::content_id(bytes);
  }

  MappedFile file_;
  ByteBuffer stored_;
  std::optional<nn::WordVectors> vectors_;
  Id id_;
};

class ModelEmbedder : public Embedder {
 public:
  ModelEmbedder(RunnableModel model, unsigned threads)
      : model_{std::move(model)},
        settings_{model_.embedding()},
        session_{model_.weights(),
                 {.context_length = settings_.max_tokens,
                  .threads = threads,
                  .kv_type = nn::KvType::f32}} {}

  [[nodiscard]] const std::string& name() const noexcept override { return model_.name(); }
  [[nodiscard]] Id id() override { return model_.id(); }
  [[nodiscard]] std::size_t dims() override { return model_.weights().parameters().n_embd; }
  [[nodiscard]] std::optional<TextVector> embed(std::string_view text) override {
    TextVector vector;
    const std::vector<nn::TokenId> tokens = encode(text, vector.is_truncated);
    if (tokens.empty()) return std::nullopt;
    vector.values = nn::embed(session_, tokens, *settings_.pooling, *settings_.normalizes);
    return vector;
  }

 private:
  /// The text's tokens between the special ones; where they are too many the text's last ones
  /// go.
  std::vector<nn::TokenId> encode(std::string_view text, bool& is_truncated) const {
    std::vector<nn::TokenId> tokens = model_.tokenizer().encode(text, {.add_special = true});
    if (tokens.size() <= settings_.max_tokens) return tokens;
    is_truncated = true;
    const std::vector<nn::TokenId> plain = model_.tokenizer().encode(text);
    const auto at = std::search(tokens.begin(), tokens.end(), plain.begin(), plain.end());
    const auto behind = static_cast<std::size_t>(
        tokens.end() -
        (at == tokens.end() ? at : at + static_cast<std::ptrdiff_t>(plain.size())));
    const std::size_t surplus = tokens.size() - settings_.max_tokens;
    const auto last = tokens.end() - static_cast<std::ptrdiff_t>(behind);
    tokens.erase(last - static_cast<std::ptrdiff_t>(std::min(surplus, plain.size())), last);
    tokens.resize(std::min<std::size_t>(tokens.size(), settings_.max_tokens));
    return tokens;
  }

  RunnableModel model_;
  nn::EmbeddingSettings settings_;
  nn::TransformerSession session_;
};

bool is_word_vector_file(const std::string& path) {
  return !std::filesystem::is_directory(path) && !path.ends_with(".gguf");
}

}  // namespace

std::unique_ptr<Embedder> Embedder::open(const std::string& reference, store::Store* store,
                                         unsigned threads) {
  std::error_code error;
  const bool is_file =
      reference.find('/') != std::string::npos || std::filesystem::exists(reference, error);
  if (is_file || store == nullptr) {
    if (is_word_vector_file(reference)) return std::make_unique<WordEmbedder>(reference);
    return std::make_unique<ModelEmbedder>(RunnableModel::from_file(reference), threads);
  }
  const store::Object object = store::resolve_object(*store, reference);
  const auto file = store::atom_by_id(*store, object.atom_id);
  const bool runs =
      atom::is_model(object) && file && (object.subtype == "gguf" || atom::is_folder(*file));
  if (!runs) return std::make_unique<WordEmbedder>(*store, object);
  return std::make_unique<ModelEmbedder>(RunnableModel::from_store(*store, reference), threads);
}

}  // namespace hart::infer
