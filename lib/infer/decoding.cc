#include "infer/decoding.h"

#include <algorithm>
#include <vector>

#include "core/clock.h"
#include "infer/draft_length.h"
#include "infer/lookup_history.h"

namespace hart::infer {
namespace {

/// One run of `decode`.
class Decoding {
 public:
  Decoding(Generator& generator, Sequence& sequence, std::span<const nn::TokenId> prompt,
           std::uint32_t max_tokens, Lookup lookup,
           const std::function<void(const TokenEvent&)>& see)
      : generator_{generator},
        sequence_{sequence},
        max_tokens_{max_tokens},
        lookup_{lookup},
        see_{see},
        history_{lookup == Lookup::off ? 0 : prompt.size() + max_tokens} {
    if (lookup_ == Lookup::off) return;
    for (const nn::TokenId token : prompt) history_.push(token);
  }

  void run(std::span<const float> logits) {
    if (!generator_.is_done()) take(logits, sequence_.remaining());
    while (!generator_.is_done()) {
      batch_.assign(1, token_);
      draft();
      const double start = lookup_ == Lookup::adaptive ? steady_seconds() : 0;
      if (batch_.size() == 1)
        logits = sequence_.evaluate(batch_);
      else
        verify();
      if (lookup_ == Lookup::adaptive)
        length_.note_time(batch_.size(), steady_seconds() - start);
      if (batch_.size() == 1) take(logits, sequence_.remaining());
    }
  }

 private:
  /// Lets the generator choose what follows; `room` is for the tokens after those evaluated.
  void take(std::span<const float> logits, std::uint32_t room) {
    const auto event = generator_.step(logits, room > 0);
    if (!event) return;
    token_ = event->token;
    if (lookup_ != Lookup::off) learn();
    see_(*event);
  }

  void learn() {
    if (lookup_ == Lookup::adaptive) {
      guess_.clear();
      const std::size_t matched = history_.guess(1, guess_);
      if (matched > 0) length_.note_guess(matched, guess_.front() == token_);
    }
    history_.push(token_);
  }

  /// Puts guesses behind the token that is to be evaluated.
  void draft() {
    if (lookup_ == Lookup::off || sequence_.remaining() < 2) return;
    guess_.clear();
    const std::size_t matched = history_.guess(DraftLength::kMost, guess_);
    // The last token of all needs no evaluation.
    const auto left = static_cast<std::size_t>(max_tokens_ - generator_.tokens_out());
    std::size_t most = std::min<std::size_t>(left - 1, sequence_.remaining() - 1);
    if (lookup_ == Lookup::adaptive && matched > 0)
      most = std::min(most, length_.choose(matched));
    guess_.resize(std::min(most, guess_.size()));
    batch_.insert(batch_.end(), guess_.begin(), guess_.end());
  }

  /// Evaluates the batch, and takes its tokens as long as the generator chooses them.
  void verify() {
    const std::uint32_t begin = sequence_.position();
    std::uint32_t room = sequence_.remaining();
    std::size_t right = 0;
    bool is_over = false;
    sequence_.evaluate_each(batch_, [&](std::size_t index, std::span<const float> logits) {
      if (is_over) return;
      right = index + 1;
      take(logits, --room);
      is_over = generator_.is_done() || right == batch_.size() || batch_[right] != token_;
    });
    sequence_.rewind(begin + static_cast<std::uint32_t>(right));
  }

  Generator& generator_;
  Sequence& sequence_;
  std::uint32_t max_tokens_;
  Lookup lookup_;
  const std::function<void(const TokenEvent&)>& see_;
  LookupHistory history_;
  DraftLength length_;
  nn::TokenId token_ = 0;  ///< chosen last; not evaluated yet
  std::vector<nn::TokenId> batch_, guess_;
};

}  // namespace

void decode(Generator& generator, Sequence& sequence, std::span<const nn::TokenId> prompt,
            std::span<const float> logits, std::uint32_t max_tokens, Lookup lookup,
            const std::function<void(const TokenEvent&)>& see) {
  Decoding{generator, sequence, prompt, max_tokens, lookup, see}.run(logits);
}

}  // namespace hart::infer
