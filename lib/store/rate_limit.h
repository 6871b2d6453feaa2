#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/clock.h"

namespace hart::store {

/// How many requests pass: `per_minute` in the long run, `burst` at once. Both at least 1.
struct RateLimit {
  std::int64_t per_minute = 0;
  std::int64_t burst = 1;
};

/// Token buckets that all processes with one store share.
///
/// A bucket is one number in the file `rate-limits` of the store, mapped into memory: when the
/// next request would be due if all came evenly spaced (the generic cell rate algorithm, ITU-T
/// I.371, which admits exactly what a token bucket admits). Taking a token is one
/// compare-and-swap: no lock, no system call, nothing that waits for a disk. The kernel writes
/// the file back when it likes; after a crash, or when somebody removed the file, the buckets
/// are full, so that at most one burst more passes.
class RateLimiter {
 public:
  /// Throws Error(denied) and kin when the store's directory cannot be written: what cannot be
  /// counted does not pass.
  explicit RateLimiter(const std::string& directory);
  ~RateLimiter();
  RateLimiter(RateLimiter&&) noexcept;
  RateLimiter& operator=(RateLimiter&&) noexcept;

  /// Takes a token out of a bucket. Returns 0, or, when it holds none, the microseconds until
  /// it will; nothing is taken then. A `now` far behind, after the clock was set back, finds
  /// the bucket empty and not a debt.
  [[nodiscard]] TimeUs take(std::uint64_t bucket, const RateLimit& limit, TimeUs now);

 private:
  struct Map;
  std::string path_;
  int fd_ = -1;
  std::unique_ptr<Map> map_;  ///< the page with the bucket that was asked for last
};

}  // namespace hart::store
