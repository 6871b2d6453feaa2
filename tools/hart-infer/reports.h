#pragma once

#include <memory>
#include <optional>

#include "bill/meter_gate.h"
#include "infer/generate.h"
#include "prov/receipt_sink.h"
#include "store/store.h"

namespace hart::infer_tool {

/// Where generations are reported: receipts and meters of the store, when it can be written to.
class Reports {
 public:
  /// `store` must outlive this.
  explicit Reports(std::optional<store::Store>& store) {
    if (!store || !store->writable()) return;
    sink_ = std::make_unique<prov::ReceiptSink>(*store);
    gate_ = std::make_unique<bill::MeterGate>(*store);
  }

  [[nodiscard]] infer::Reporting reporting() const noexcept {
    return {sink_.get(), gate_.get()};
  }

 private:
  std::unique_ptr<prov::ReceiptSink> sink_;
  std::unique_ptr<bill::MeterGate> gate_;
};

}  // namespace hart::infer_tool
