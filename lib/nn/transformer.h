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
#include "nn/kv_cache.h"
#include "nn/transformer_parameters.h"
#include "nn/vocabulary.h"
#include "tensor/dot.h"
#include "tensor/dtype.h"

namespace hart::nn {

/// Where a model comes from: metadata, and tensors by name wherever their bytes lie. The
/// tensors' bytes must outlive the model; the header is needed only while it loads.
struct ModelSource {
  const formats::GgufHeader& header;
  std::function<std::optional<tensor::TensorView>(std::string_view name)> tensor;
  /// Queries and keys stand as Hugging Face's checkpoints have them, for pairing by halves;
  /// GGUF files of some architectures have them reordered.
  bool pairs_halves = false;
  /// How a matrix's rows lie; null: one after the other, all of them.
  std::function<tensor::RowLayout(std::string_view name)> layout = {};
};

/// The source that reads tensors out of a mapped GGUF file. `header` is what parse_gguf made of
/// `file`, the whole file.
[[nodiscard]] ModelSource gguf_source(const formats::GgufHeader& header, ByteView file);

/// A matrix (rows, columns) and its bias (rows), which is empty where there is none.
struct Linear {
  tensor::WeightMatrix weight;
  std::vector<float> bias;
};

/// A norm's factors and summands (n); both empty where the architecture has no such norm, the
/// summands also where it has no summands.
struct Norm {
  std::vector<float> weight, bias;

  [[nodiscard]] bool is_there() const noexcept { return !weight.empty(); }
};

/// One transformer block. `attn_norm` and `ffn_norm` come before attention and feed-forward,
/// the `post_` ones after: see NormPlacement.
struct TransformerBlock {
  Norm attn_norm, post_attn_norm, ffn_norm, post_ffn_norm;
  Norm q_norm, k_norm;  ///< (head_dim)
  Linear attn_q, attn_k, attn_v, attn_output;
  std::optional<Linear> ffn_gate;
  Linear ffn_up, ffn_down;
};

/// The weights of a transformer, ready to run; matrices stay where the source has them. Those
/// of a type that no kernel computes with (tensor::has_dot) are decoded when the model loads,
/// block types to F16 and the others, as those whose values F16 cannot hold, to F32: such a
/// model runs, yet takes the memory and the time of its decoded form. Immutable: any number of
/// sessions may share one.
class TransformerModel {
 public:
  /// Throws Error(data) as read_parameters does, and naming a tensor that is missing, has
  /// another shape than the parameters say, a type that is no weight's, or fewer bytes than its
  /// shape takes.
  explicit TransformerModel(const ModelSource& source);
  // Views point into what is decoded: a model moves, it is not copied.
  TransformerModel(TransformerModel&&) noexcept = default;
  TransformerModel& operator=(TransformerModel&&) noexcept = default;

  [[nodiscard]] const TransformerParameters& parameters() const noexcept { return parameters_; }
  [[nodiscard]] const tensor::WeightMatrix& token_embd() const noexcept { return token_embd_; }
  /// Vectors (n_embd) of positions, where positions are embedded; (context_length, n_embd).
  [[nodiscard]] const std::optional<tensor::TensorView>& position_embd() const noexcept {
    return position_embd_;
  }
  /// The vector of token type 0; empty where there is none.
  [[nodiscard]] std::span<const float> type_embd() const noexcept { return type_embd_; }
  [[nodiscard]] const Norm& embedding_norm() const noexcept { return embedding_norm_; }
  [[nodiscard]] std::span<const TransformerBlock> blocks() const noexcept { return blocks_; }
  [[nodiscard]] const Norm& output_norm() const noexcept { return output_norm_; }
  /// The matrix of the logits: token_embd where the file has no other (tied embeddings).
  /// Encoders have none.
  [[nodiscard]] const Linear& output() const noexcept { return output_; }
  [[nodiscard]] bool is_tied() const noexcept { return is_tied_; }
  /// The rotations of a session of `context_length` positions: those of a model with long and
  /// short divisors depend on it.
  [[nodiscard]] const RopeTable& rope(std::uint32_t context_length) const noexcept;
  /// Those of windowed layers.
  [[nodiscard]] const RopeTable& window_rope() const noexcept { return window_rope_; }

 private:
  TransformerParameters parameters_;
  tensor::WeightMatrix token_embd_;
  std::optional<tensor::TensorView> position_embd_;
  std::vector<float> type_embd_;
  Norm embedding_norm_;
  std::vector<TransformerBlock> blocks_;
  Norm output_norm_;
  Linear output_;
  bool is_tied_ = false;
  RopeTable rope_, long_rope_, window_rope_;
  std::vector<ByteBuffer> decoded_;  ///< what the views of decoded matrices point into
};

/// Sees what flows through a session as it evaluates: for measurements. Called on the session's
/// thread, in the order of the layers, batch by batch; views are valid during the call.
class TransformerObserver {
 public:
  virtual ~TransformerObserver() = default;
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
  /// that is allowed where positions are not embedded: quality is then the caller's risk.
  std::uint32_t context_length = 0;
  /// Most tokens that run through the layers at once. Bounds the scratch memory; no result
  /// depends on it. An encoder takes its whole context at once.
  std::uint32_t batch_tokens = 128;
  /// Threads for matrices and attention that are worth it. No result depends on it.
  unsigned threads = 1;
  KvType kv_type = KvType::f16;
};

/// A sequence of tokens as the model has seen it: the key-value cache, and what evaluating more
/// tokens needs. The cache takes 2 * n_layers * kv_dim numbers of its type a position, touched
/// as it fills.
///
/// Logits are the same to the last bit however the tokens were divided into calls and batches,
/// and whatever the number of threads. A session serves one thread at a time.
class TransformerSession {
 public:
  /// `model` must outlive the session. Throws Error(data) when the cache's size overflows or an
  /// encoder with embedded positions is asked for more of them than it has, and
  /// Error(unavailable) when there is no memory for it.
  explicit TransformerSession(const TransformerModel& model, SessionOptions options = {});
  ~TransformerSession();
  TransformerSession(TransformerSession&&) noexcept;
  TransformerSession& operator=(TransformerSession&&) noexcept;

  /// Called with the index of a token among those being evaluated and what belongs to it, valid
  /// during the call: logits (n_vocab) of what follows it, or its hidden state (n_embd).
  using EachRow = std::function<void(std::size_t index, std::span<const float> row)>;

  /// Appends `tokens` to the sequence and gives the logits (n_vocab) of what follows the last
  /// one, valid until the next call. Throws Error(data), the sequence unchanged, when there are
  /// no tokens, a token is outside the vocabulary, or more than `remaining()` are given: ask
  /// first and end with the finish reason "length". Throws Error(data) for an encoder.
  std::span<const float> evaluate(std::span<const TokenId> tokens);
  /// The same, giving the logits after each token, in order.
  void evaluate_each(std::span<const TokenId> tokens, const EachRow& each);
  /// The same, giving the last block's normalised output for each token. An encoder reads
  /// `tokens` as a sequence of its own: what came before is forgotten.
  void evaluate_states(std::span<const TokenId> tokens, const EachRow& each);

  /// Tokens in the sequence, and how many more there is room for.
  [[nodiscard]] std::uint32_t position() const noexcept;
  [[nodiscard]] std::uint32_t context_length() const noexcept;
  [[nodiscard]] std::uint32_t remaining() const noexcept {
    return context_length() - position();
  }
  /// Shows what is evaluated from now on to `observer`, which must outlive the session; null:
  /// to nobody. No result depends on it. `evaluate` leaves most of the last layer out, so that
  /// a measurement wants `evaluate_each`.
  void observe(TransformerObserver* observer) noexcept;

  /// Forgets the tokens from `position` on. Precondition: at most position().
  void rewind(std::uint32_t position) noexcept;

  /// What the session knows of its first `positions` tokens, as bytes for `restore` of a
  /// session with the same model, context length aside, and the same key-value type.
  /// Precondition: at most position().
  [[nodiscard]] ByteBuffer snapshot(std::uint32_t positions) const;
  /// Takes the place of evaluating `positions` tokens from the beginning, to the last bit.
  /// Throws Error(data), the sequence unchanged, when `bytes` are not as many as `snapshot`
  /// gives, or they are more than the context holds.
  void restore(ByteView bytes, std::uint32_t positions);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hart::nn
