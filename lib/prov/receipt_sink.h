#pragma once

#include <cstdint>
#include <optional>

#include "core/events.h"
#include "prov/receipt.h"
#include "prov/receipt_writer.h"
#include "store/store.h"

namespace hart::prov {

/// Writes a receipt of each generation: segments and their hash while it runs, then, in one
/// write transaction, the receipt, its openings, the provenance of atoms and the leaf in the
/// log.
///
/// One generation at a time, on the thread of the store's connection. A generation that ends in
/// an exception leaves nothing; the next `begin` starts afresh.
class ReceiptSink : public EventSink {
 public:
  /// Tokens under one commitment.
  static constexpr std::uint32_t kTokensPerRun = 256;

  /// `store` outlives the sink and is writable; Error(usage) when it is not.
  explicit ReceiptSink(store::Store& store);

  /// A UUID of zeros asks for a fresh one, a start of 0 for the store's time.
  void begin(const GenerationBegin& begin) override;
  void token(const GeneratedToken& token) override;
  /// Returns the generation's UUID. Opens a WriteTransaction: none may be open. Throws
  /// Error(usage) without a `begin`, and when the UUID was used before.
  std::string end(const GenerationEnd& end) override;
  /// Forwards to store::log_query.
  void query(const QueryRecord& record) override;

 private:
  /// A generation under way.
  struct Running {
    GenerationBegin begin;
    ReceiptBuilder builder;
    ByteBuffer run;  ///< tokens not yet committed
    std::uint32_t run_tokens = 0;
    std::uint32_t tokens = 0;
  };

  Running& running();
  static void close_run(Running& running);

  store::Store& store_;
  std::optional<Running> running_;
  std::optional<ReceiptWriter> writer_;  ///< from the first receipt on
};

}  // namespace hart::prov
