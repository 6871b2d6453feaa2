#include "reports.h"

#include "core/error.h"
#include "prov/signing_key.h"

namespace hart::infer_tool {

void add_receipt_key_options(cli::Command& command, ReceiptKeyOptions& options) {
  command.option("--receipt-key", "FILE", options.receipt_key,
                 "sign receipts with this key: a note key, or Ed25519 in PEM");
  command.option("--receipt-key-name", "NAME", options.receipt_key_name,
                 "the key's name, for a key in PEM");
}

Reports::Reports(std::optional<store::Store>& store, const ReceiptKeyOptions& key) {
  if (!store || !store->writable()) {
    if (!key.receipt_key.empty())
      throw Error{Fault::usage, "--receipt-key: there is no store to keep receipts in"};
    return;
  }
  if (!key.receipt_key.empty())
    signer_ = std::make_unique<crypto::NoteSigner>(
        prov::read_signing_key(*store, key.receipt_key, key.receipt_key_name));
  sink_ = std::make_unique<prov::ReceiptSink>(*store, signer_.get());
  gate_ = std::make_unique<bill::MeterGate>(*store);
}

}  // namespace hart::infer_tool
