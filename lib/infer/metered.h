#pragma once

#include "core/events.h"

namespace hart::infer {

/// A reservation that is given back unless it was settled.
class Metered {
 public:
  /// Reserves what is asked for; nothing where `gate` is null. Throws as UsageGate::reserve
  /// does.
  Metered(UsageGate* gate, const UsageRequest& request) : gate_{gate} {
    if (gate_ != nullptr) reservation_ = gate_->reserve(request);
  }
  ~Metered() {
    if (gate_ != nullptr) gate_->release(reservation_);
  }
  Metered(const Metered&) = delete;
  Metered& operator=(const Metered&) = delete;

  void settle(const UsageRecord& record) {
    if (gate_ == nullptr) return;
    gate_->settle(reservation_, record);
    gate_ = nullptr;
  }

 private:
  UsageGate* gate_;
  UsageGate::Reservation reservation_ = 0;
};

}  // namespace hart::infer
