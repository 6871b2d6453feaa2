#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "infer/prefix_cache.h"
#include "infer/runnable_model.h"
#include "nn/transformer.h"

namespace hart::infer {

/// What a prompt's evaluation asks of a sequence.
struct SequenceNeeds {
  std::uint32_t context_length = 0;  ///< tokens that the sequence may come to; not 0
  unsigned threads = 1;
  nn::KvType kv_type = nn::KvType::f16;
  /// False to evaluate every token, so that all have logits.
  bool reuses = true;
};

/// The tokens that a model has evaluated, kept from one prompt to the next: of a prompt only
/// what differs from the one before is evaluated, or what the prefix cache does not have. No
/// result depends on that.
class Sequence {
 public:
  /// Fewest tokens beyond those that the prefix cache has that are worth a file.
  static constexpr std::uint32_t kWorthKeeping = 256;

  /// `model` and `prefixes`, which may be null, must outlive the sequence.
  explicit Sequence(RunnableModel& model, PrefixCache* prefixes = nullptr)
      : model_{model}, prefixes_{prefixes} {}

  /// Makes ready for `prompt`: returns how many of its first tokens need no evaluation, fewer
  /// than it has. `evaluate` the others. Throws as TransformerSession does, and Error(data)
  /// when the prompt is empty or does not fit the context.
  std::uint32_t begin(std::span<const nn::TokenId> prompt, const SequenceNeeds& needs);

  /// As those of TransformerSession. When `each` throws, the sequence forgets everything.
  std::span<const float> evaluate(std::span<const nn::TokenId> tokens);
  void evaluate_each(std::span<const nn::TokenId> tokens,
                     const nn::TransformerSession::EachRow& each);
  void rewind(std::uint32_t position) noexcept;

  [[nodiscard]] std::uint32_t position() const noexcept {
    return static_cast<std::uint32_t>(tokens_.size());
  }
  /// Tokens that there is room for.
  [[nodiscard]] std::uint32_t remaining() const noexcept {
    return context_length_ - position();
  }

  /// How often the model was run, over one token or several.
  [[nodiscard]] std::uint64_t evaluations() const noexcept { return evaluations_; }

  /// Keeps what the model knows of the prompt in the prefix cache, as far as whole chunks go
  /// and when it is at least `least` tokens more than the cache has. Returns how many tokens
  /// were kept, 0 for none.
  std::uint32_t keep_prompt(std::uint32_t least = kWorthKeeping);

 private:
  [[nodiscard]] bool is_long(std::uint32_t context_length);
  [[nodiscard]] PrefixScope scope(const SequenceNeeds& needs);
  [[nodiscard]] std::uint32_t roomy(std::uint32_t context_length);
  void make_session(const SequenceNeeds& needs, std::uint32_t least, std::uint32_t known);
  void forget() noexcept;

  RunnableModel& model_;
  PrefixCache* prefixes_;
  std::unique_ptr<nn::TransformerSession> session_;
  SequenceNeeds needs_;              ///< of the last `begin`
  std::vector<nn::TokenId> tokens_;  ///< that the session has evaluated
  std::uint32_t context_length_ = 0;
  std::uint32_t prompt_size_ = 0;
  std::uint64_t evaluations_ = 0;
  std::uint32_t kept_ = 0;  ///< of tokens_, those that the prefix cache has
};

}  // namespace hart::infer
