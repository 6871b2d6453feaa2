#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf.h"
#include "nn/vocabulary.h"
#include "tensor/dtype.h"

namespace hart::nn {

/// Where a model comes from: metadata, and tensors by name wherever their bytes lie. The
/// tensors' bytes must outlive the model; the header is needed only while it loads.
struct ModelSource {
  const formats::GgufHeader& header;
  std::function<std::optional<tensor::TensorView>(std::string_view name)> tensor;
};

/// The source that reads tensors out of a mapped GGUF file. `header` is what parse_gguf made of
/// `file`, the whole file.
[[nodiscard]] ModelSource gguf_source(const formats::GgufHeader& header, ByteView file);

/// Shape and constants of a llama-architecture model, checked against each other.
struct LlamaParameters {
  std::uint32_t n_vocab = 0;
  std::uint32_t n_embd = 0;
  std::uint32_t n_layers = 0;
  std::uint32_t n_heads = 0;
  std::uint32_t n_kv_heads = 0;  ///< divides n_heads: grouped-query attention where it is less
  std::uint32_t head_dim = 0;
  std::uint32_t n_ff = 0;
  std::uint32_t context_length = 0;  ///< positions that the model was trained on
  std::uint32_t rope_dims = 0;  ///< even, at most head_dim: the rest of a head is not rotated
  float rms_epsilon = 0;
  double rope_base = 10000;
  double rope_scale = 1;  ///< positions are multiplied by it (linear scaling)

  [[nodiscard]] std::uint32_t q_dim() const noexcept { return n_heads * head_dim; }
  [[nodiscard]] std::uint32_t kv_dim() const noexcept { return n_kv_heads * head_dim; }
};

/// A matrix (rows, columns) and its bias (rows), which is empty where there is none.
struct Linear {
  tensor::TensorView weight;
  std::vector<float> bias;
};

/// One transformer block. Norm weights are (n_embd).
struct LlamaBlock {
  std::vector<float> attn_norm;
  Linear attn_q, attn_k, attn_v, attn_output;
  std::vector<float> ffn_norm;
  Linear ffn_gate, ffn_up, ffn_down;
};

/// The weights of a llama-architecture model, ready to run; matrices stay where the source has
/// them. Those of a type that no kernel computes with (tensor::has_dot) are decoded when the
/// model loads, block types to F16 and the others, as those whose values F16 cannot hold, to
/// F32: such a model runs, yet takes the memory and the time of its decoded form. Immutable:
/// any number of sessions may share one.
class LlamaModel {
 public:
  /// Throws Error(data) naming the key or the tensor when the architecture is not "llama", a
  /// parameter is missing or impossible, a variant is not supported (mixture of experts, rope
  /// scaling other than linear), or a tensor is missing, has another shape than the parameters
  /// say, a type that is no weight's, or fewer bytes than its shape takes.
  explicit LlamaModel(const ModelSource& source);
  // Views point into what is decoded: a model moves, it is not copied.
  LlamaModel(LlamaModel&&) noexcept = default;
  LlamaModel& operator=(LlamaModel&&) noexcept = default;

  [[nodiscard]] const LlamaParameters& parameters() const noexcept { return parameters_; }
  [[nodiscard]] const tensor::TensorView& token_embd() const noexcept { return token_embd_; }
  [[nodiscard]] std::span<const LlamaBlock> blocks() const noexcept { return blocks_; }
  [[nodiscard]] const std::vector<float>& output_norm() const noexcept { return output_norm_; }
  /// The matrix of the logits: token_embd where the file has no other (tied embeddings).
  [[nodiscard]] const Linear& output() const noexcept { return output_; }
  [[nodiscard]] bool is_tied() const noexcept { return is_tied_; }
  /// Radians a position for each of the rope_dims / 2 rotated pairs.
  [[nodiscard]] std::span<const double> rope_frequencies() const noexcept {
    return rope_frequencies_;
  }

 private:
  LlamaParameters parameters_;
  tensor::TensorView token_embd_;
  std::vector<LlamaBlock> blocks_;
  std::vector<float> output_norm_;
  Linear output_;
  bool is_tied_ = false;
  std::vector<double> rope_frequencies_;
  std::vector<ByteBuffer> decoded_;  ///< what the views of decoded matrices point into
};

/// Sees what flows through a session as it evaluates: for measurements. Called on the session's
/// thread, in the order of the layers, batch by batch; views are valid during the call.
class LlamaObserver {
 public:
  virtual ~LlamaObserver() = default;
  /// `x` (rows, columns) is what the matrices `names` ("blk.0.attn_q.weight", …) are about to
  /// be multiplied with, one row a token.
  virtual void see_input(std::span<const std::string> names, std::span<const float> x,
                         std::size_t columns) = 0;
  /// The hidden state (rows, n_embd) before and after a block.
  virtual void see_block(std::uint32_t layer, std::span<const float> before,
                         std::span<const float> after) = 0;
};

struct SessionOptions {
  /// Positions that the session can hold; 0 means the model's own context length. More than
  /// that is allowed: quality is then the caller's risk.
  std::uint32_t context_length = 0;
  /// Most tokens that run through the layers at once. Bounds the scratch memory; no result
  /// depends on it.
  std::uint32_t batch_tokens = 128;
  /// Threads for matrices and attention that are worth it. No result depends on it.
  unsigned threads = 1;
};

/// A sequence of tokens as the model has seen it: the key-value cache, and what evaluating more
/// tokens needs. The cache takes 8 * n_layers * kv_dim bytes a position, touched as it fills.
///
/// Logits are the same to the last bit however the tokens were divided into calls and batches,
/// and whatever the number of threads. A session serves one thread at a time.
class LlamaSession {
 public:
  /// `model` must outlive the session. Throws Error(data) when the cache's size overflows, and
  /// Error(unavailable) when there is no memory for it.
  explicit LlamaSession(const LlamaModel& model, SessionOptions options = {});
  ~LlamaSession();
  LlamaSession(LlamaSession&&) noexcept;
  LlamaSession& operator=(LlamaSession&&) noexcept;

  /// Called with the index of a token among those being evaluated and the logits (n_vocab) of
  /// what follows it, valid during the call.
  using EachLogits = std::function<void(std::size_t index, std::span<const float> logits)>;

  /// Appends `tokens` to the sequence and gives the logits (n_vocab) of what follows the last
  /// one, valid until the next call. Throws Error(data), the sequence unchanged, when there are
  /// no tokens, a token is outside the vocabulary, or more than `remaining()` are given: ask
  /// first and end with the finish reason "length".
  std::span<const float> evaluate(std::span<const TokenId> tokens);
  /// The same, giving the logits after each token, in order.
  void evaluate_each(std::span<const TokenId> tokens, const EachLogits& each);

  /// Tokens in the sequence, and how many more there is room for.
  [[nodiscard]] std::uint32_t position() const noexcept;
  [[nodiscard]] std::uint32_t context_length() const noexcept;
  [[nodiscard]] std::uint32_t remaining() const noexcept {
    return context_length() - position();
  }
  /// Shows what is evaluated from now on to `observer`, which must outlive the session; null:
  /// to nobody. No result depends on it. `evaluate` leaves most of the last layer out, so that
  /// a measurement wants `evaluate_each`.
  void observe(LlamaObserver* observer) noexcept;

  /// Forgets the tokens from `position` on. Precondition: at most position().
  void rewind(std::uint32_t position) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hart::nn
