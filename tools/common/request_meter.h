#pragma once

#include <functional>
#include <optional>
#include <string>

#include "store/api_key.h"
#include "store/rate_limit.h"
#include "store/store.h"

namespace hart::cli {

/// Counts requests against the limit of the API key that a store was opened with: opening it
/// took the first, and each further line of a stream is another.
class RequestMeter {
 public:
  /// Begins to count, where the store's key has a limit. `timeout_s`: how long a line waits for
  /// its turn.
  void begin(const store::Store& store, double timeout_s);
  /// Called before each line of a stream. Waits until the limit lets it pass, as one waits for
  /// a lock, calling `check` every now and then. Throws Error(busy) when that takes too long.
  void take_line(const std::function<void()>& check);

 private:
  std::optional<store::RateLimiter> limiter_;
  store::ApiKey key_;
  double timeout_s_ = 0;
  bool first_ = true;
};

}  // namespace hart::cli
