#include "common/request_meter.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/clock.h"
#include "core/error.h"
#include "store/access.h"

namespace hart::cli {
namespace {

/// How long an interrupt may go unnoticed.
constexpr TimeUs kLongestNapUs = 200'000;

}  // namespace

void RequestMeter::begin(const store::Store& store, double timeout_s) {
  const store::ApiKey* key = store.api_key();
  if (key == nullptr || !key->limit || limiter_) return;
  limiter_.emplace(store.directory());
  key_ = *key;
  timeout_s_ = timeout_s;
}

void RequestMeter::take_line(const std::function<void()>& check) {
  if (!limiter_) return;
  if (first_) {
    first_ = false;
    return;
  }
  const double deadline = steady_seconds() + timeout_s_;
  for (;;) {
    const TimeUs wait =
        limiter_->take(static_cast<std::uint64_t>(key_.api_key_id), *key_.limit, now_us());
    if (wait == 0) return;
    if (steady_seconds() + static_cast<double>(wait) / 1e6 > deadline)
      throw Error{Fault::busy, store::limit_message(key_, wait)};
    check();
    std::this_thread::sleep_for(std::chrono::microseconds{std::min(wait, kLongestNapUs)});
  }
}

}  // namespace hart::cli
