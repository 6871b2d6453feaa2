#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/uuid.h"
#include "store/store.h"

namespace hart::ooda {

/// The phases of one cycle, written to ooda_log as they end.
class PhaseLog {
 public:
  /// Nothing is written with `enabled` false.
  PhaseLog(store::Store& store, const Uuid& cycle, bool enabled)
      : store_{store}, cycle_{cycle}, enabled_{enabled} {}

  [[nodiscard]] const Uuid& cycle() const noexcept { return cycle_; }

  /// `phase`: "observe", "orient", "decide", "act" or "learn".
  void begin(std::string_view phase);
  void end(const Json& details, std::optional<double> success_score = std::nullopt);
  /// Ends the phase that is open, if any, with an error. Never throws.
  void fail(const std::string& error) noexcept;

 private:
  void write(const Json& details, std::optional<std::string> error,
             std::optional<double> success_score);

  store::Store& store_;
  Uuid cycle_;
  bool enabled_;
  std::string phase_;
  TimeUs started_ = 0;
  double started_s_ = 0;
};

}  // namespace hart::ooda
