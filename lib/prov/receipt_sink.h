#pragma once

#include <optional>
#include <string>

#include "core/events.h"
#include "crypto/signed_note.h"
#include "prov/receipt_draft.h"
#include "prov/receipt_writer.h"
#include "store/store.h"

namespace hart::prov {

/// Writes a receipt of each generation: segments while it runs, then, in one write transaction,
/// the receipt, its openings, the leaf in the log, and a signature where there is a key.
///
/// One generation at a time, on the thread of the store's connection. A generation that ends in
/// an exception leaves nothing; the next `begin` starts afresh.
class ReceiptSink : public EventSink {
 public:
  /// `store` and `signer` outlive the sink; `store` is writable, Error(usage) when it is not.
  /// Without a `signer` receipts are not signed.
  explicit ReceiptSink(store::Store& store, const crypto::NoteSigner* signer = nullptr);

  /// A UUID of zeros asks for a fresh one, a start of 0 for the store's time.
  void begin(const GenerationBegin& begin) override;
  void token(const GeneratedToken& token) override;
  void step(const ReasoningStep& step) override;
  /// Returns the generation's UUID. Opens a WriteTransaction: none may be open. Throws
  /// Error(usage) without a `begin`, and when the UUID was used before.
  std::string end(const GenerationEnd& end) override;
  /// Forwards to store::log_query.
  void query(const QueryRecord& record) override;

 private:
  ReceiptDraft& running();

  store::Store& store_;
  const crypto::NoteSigner* signer_;
  std::optional<ReceiptDraft> running_;  ///< a generation under way
  std::optional<ReceiptWriter> writer_;  ///< from the first receipt on
};

}  // namespace hart::prov
