#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/events.h"
#include "prov/content.h"
#include "prov/receipt.h"

namespace hart::prov {

/// A receipt that is complete but for its place: which receipt comes before it is known only
/// while it is written.
struct PendingReceipt {
  Uuid inference{};
  std::string operation;
  std::optional<Id> model;  ///< the first
  TimeUs started = 0;
  TimeUs completed = 0;
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  std::string finish_reason;
  ReceiptBuilder builder;  ///< holds every segment but the last
};

/// Writes a receipt while what it is about happens: begun, any number of tokens, queries and
/// steps, ended.
class ReceiptDraft {
 public:
  /// Tokens under one commitment.
  static constexpr std::uint32_t kTokensPerRun = 256;

  /// The UUID and the start of `begin` are set. `actor` says who asked, as store::Store::actor
  /// does; empty: not known. `vector` is what was looked for, where it was no text.
  ReceiptDraft(const GenerationBegin& begin, std::string_view tenant, std::string_view actor,
               const VectorDigest& vector = {});

  /// One of several searches; before any token.
  void query(const AnsweredQuery& query);
  void token(const GeneratedToken& token);
  void step(const ReasoningStep& step) { steps_.push_back(step); }
  /// The completion of `end` is set. The draft is spent.
  [[nodiscard]] PendingReceipt finish(const GenerationEnd& end);

 private:
  void add_models(const std::vector<UsedModel>& models);
  void add_question(const GenerationBegin& begin, const VectorDigest& vector);
  void begin_answer();
  void close_run();

  PendingReceipt pending_;
  std::string reasoning_;
  bool answering_ = false;  ///< whether the segments from the mode of reasoning on have begun
  ByteBuffer run_;          ///< tokens not yet committed
  std::uint32_t run_tokens_ = 0;
  std::uint32_t tokens_ = 0;  ///< committed
  std::vector<ReasoningStep> steps_;
};

}  // namespace hart::prov
