#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "nn/kv_cache.h"
#include "store/store.h"

namespace hart::infer {

/// A text's vector, and whether the model took only the beginning of the text.
struct TextVector {
  std::vector<float> values;
  bool is_truncated = false;
};

/// Makes vectors of texts with one model: word vectors, an encoder, or a decoder whose hidden
/// states are pooled. The same text gives the same vector whatever the threads and the texts
/// before it.
class Embedder {
 public:
  /// `reference` is a file or a folder where there is one of that name, else an object of
  /// `store`, which must outlive the embedder and may be null. Throws as WordVectors and
  /// RunnableModel do.
  static std::unique_ptr<Embedder> open(const std::string& reference, store::Store* store,
                                        unsigned threads);

  virtual ~Embedder() = default;
  Embedder(const Embedder&) = delete;
  Embedder& operator=(const Embedder&) = delete;

  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  /// What tells the model from every other: vectors of one id share one space.
  [[nodiscard]] virtual Id id() = 0;
  [[nodiscard]] virtual std::size_t dims() = 0;
  /// Nothing when the model knows no word of the text. Throws Error(data) for what the
  /// tokenizer refuses.
  [[nodiscard]] virtual std::optional<TextVector> embed(std::string_view text) = 0;

 protected:
  Embedder() = default;
};

}  // namespace hart::infer
