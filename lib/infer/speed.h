#pragma once

#include <cstdint>

#include "infer/runnable_model.h"
#include "nn/transformer.h"

namespace hart::infer {

struct SpeedOptions {
  std::uint32_t prompt_tokens = 128;
  std::uint32_t tokens = 32;  ///< generated after the prompt, one at a time
  std::uint32_t repeats = 3;  ///< of which the median counts
  unsigned threads = 1;
  nn::KvType kv_type = nn::KvType::f16;
};

/// Rates of one model on this machine, now.
struct Speed {
  double prefill_tokens_per_second = 0;
  double decode_tokens_per_second = 0;
  std::uint64_t weight_bytes = 0;  ///< that a token's evaluation reads: every matrix once
  double decode_bandwidth = 0;     ///< bytes a second: the weights' alone
  double read_bandwidth = 0;       ///< bytes a second of plain reads, in the same run
  double first_token_seconds = 0;  ///< from a session's beginning, of a prompt of one token
};

/// Evaluates tokens that follow from a counter: their text does not matter. Throws Error(data)
/// for an encoder.
[[nodiscard]] Speed measure_speed(RunnableModel& model, const SpeedOptions& options);

/// Bytes a second that `threads` threads read out of an array much larger than the caches.
[[nodiscard]] double measure_read_bandwidth(unsigned threads);

}  // namespace hart::infer
