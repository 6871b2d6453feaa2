#pragma once

#include <memory>
#include <optional>
#include <string>

#include "bill/meter_gate.h"
#include "common/cli.h"
#include "crypto/signed_note.h"
#include "infer/generate.h"
#include "prov/receipt_sink.h"
#include "store/store.h"

namespace hart::infer_tool {

/// The key that signs receipts, if any.
struct ReceiptKeyOptions {
  std::string receipt_key;
  std::string receipt_key_name;
};

/// Declares --receipt-key and --receipt-key-name.
void add_receipt_key_options(cli::Command& command, ReceiptKeyOptions& options);

/// Where what a command computes is reported: receipts and meters of the store, when it can be
/// written to.
class Reports {
 public:
  /// `store` must outlive this. Throws as prov::read_signing_key does, and Error(usage) when
  /// receipts are to be signed and none can be kept.
  explicit Reports(std::optional<store::Store>& store, const ReceiptKeyOptions& key = {});

  [[nodiscard]] infer::Reporting reporting() const noexcept {
    return {sink_.get(), gate_.get()};
  }

 private:
  std::unique_ptr<crypto::NoteSigner> signer_;
  std::unique_ptr<prov::ReceiptSink> sink_;
  std::unique_ptr<bill::MeterGate> gate_;
};

}  // namespace hart::infer_tool
