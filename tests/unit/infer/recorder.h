#pragma once

#include <string>
#include <vector>

#include "infer/generate.h"

namespace hart::infer {

/// All that came of a generation but its times and its name, as one text.
struct Shown {
  std::string text;
  bool cached = false;
};

inline std::string event_text(const TokenEvent& event) {
  std::string line = std::to_string(event.index) + " " + std::to_string(event.token) + " [" +
                     event.text + "] ";
  // Every bit of the numbers counts.
  const auto bits = [](double value) {
    std::uint64_t number = 0;
    static_assert(sizeof number == sizeof value);
    __builtin_memcpy(&number, &value, sizeof value);
    return std::to_string(number);
  };
  line += bits(event.logprob);
  for (const nn::TokenLogprob& other : event.alternatives)
    line += " " + std::to_string(other.token) + ":" + bits(other.logprob);
  for (const std::uint32_t evidence : event.evidence) line += " e" + std::to_string(evidence);
  return line + "\n";
}

inline Shown show(RunnableModel& model, const GenerateRequest& request, const Reuse& reuse = {},
                  const Reporting& reporting = {}) {
  Shown shown;
  const Generation generation = generate(
      model, request, reporting,
      [&](const TokenEvent& event) { shown.text += event_text(event); }, reuse);
  shown.cached = generation.cached;
  shown.text += generation.text + "|" + generation.finish_reason + "|" +
                std::to_string(generation.tokens_in) + "|" +
                std::to_string(generation.tokens_out);
  return shown;
}

}  // namespace hart::infer
