#include "prov/receipt_sink.h"

#include <utility>

#include "core/error.h"
#include "store/query_log.h"

namespace hart::prov {

ReceiptSink::ReceiptSink(store::Store& store, const crypto::NoteSigner* signer)
    : store_{store}, signer_{signer} {
  if (!store.writable())
    throw Error{Fault::usage, "receipts need a store that is open for writing"};
}

ReceiptDraft& ReceiptSink::running() {
  if (!running_) throw Error{Fault::usage, "receipt: no generation has begun"};
  return *running_;
}

void ReceiptSink::begin(const GenerationBegin& begin) {
  if (begin.started != 0 && begin.inference != Uuid{}) {
    running_.emplace(begin, store_.tenant_name(), store_.actor());
    return;
  }
  GenerationBegin complete = begin;
  if (complete.started == 0) complete.started = store_.now();
  if (complete.inference == Uuid{}) complete.inference = make_uuid7(complete.started);
  running_.emplace(complete, store_.tenant_name(), store_.actor());
}

void ReceiptSink::token(const GeneratedToken& token) {
  running().token(token);
}

void ReceiptSink::step(const ReasoningStep& step) {
  running().step(step);
}

std::string ReceiptSink::end(const GenerationEnd& end) {
  ReceiptDraft draft = std::move(running());
  running_.reset();
  GenerationEnd ended = end;
  if (ended.completed == 0) ended.completed = store_.now();
  PendingReceipt receipt = draft.finish(ended);
  // The previous receipt is known only under the write lock.
  store::WriteTransaction transaction{store_};
  if (!writer_) writer_.emplace(store_, signer_);
  writer_->write({&receipt, 1});
  transaction.commit();
  return uuid_text(receipt.inference);
}

void ReceiptSink::query(const QueryRecord& record) {
  store::log_query(store_, record);
}

}  // namespace hart::prov
