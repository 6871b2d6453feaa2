#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "nn/template_value.h"

namespace hart::nn::jinja {

/// What one rendering may still use. A template may come from anywhere, and a loop over a
/// product of ranges is quickly written.
class Budget {
 public:
  Budget(std::uint64_t steps, std::uint64_t bytes) : steps_{steps}, bytes_{bytes} {}

  /// Takes `count` steps: nodes evaluated, items visited. Throws Error(data) when none is left.
  void take_steps(std::uint64_t count) {
    if (count > steps_) fail("the template takes too many steps");
    steps_ -= count;
  }
  /// Takes the bytes of a value about to be made.
  void take_bytes(std::uint64_t count) {
    if (count > bytes_) fail("the template makes too much text");
    bytes_ -= count;
  }
  /// The same for `count` parts of `each` bytes, whose product need not fit 64 bits.
  void take_bytes(std::uint64_t count, std::uint64_t each) {
    std::uint64_t bytes = 0;
    take_bytes(__builtin_mul_overflow(count, each, &bytes) ? UINT64_MAX : bytes);
  }

 private:
  std::uint64_t steps_;
  std::uint64_t bytes_;
};

/// What filters, methods and functions share during one rendering.
struct Runtime {
  Budget budget;
  TimeUs now = 0;  ///< what `strftime_now` tells, in UTC
  /// Every namespace made: they can hold each other, so they are emptied at the end.
  std::vector<std::shared_ptr<Namespace>> namespaces{};

  Runtime(Budget what_is_left, TimeUs time) : budget{what_is_left}, now{time} {}
  ~Runtime() {
    for (const auto& each : namespaces) each->names.clear();
  }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
};

}  // namespace hart::nn::jinja
