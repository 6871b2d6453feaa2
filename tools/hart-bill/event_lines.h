#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bill/usage_event.h"
#include "common/cli.h"
#include "common/line_stream.h"

namespace hart::cli {

/// Usage events as JSON lines, an event or an array of events each, that are worked on as they
/// stand, without a Json for every line.
///
/// Answers are collected and written by `write_answers` alone, so that nothing is acknowledged
/// before it is durable. What throws Error(data) is answered by an error object in its place.
class EventLines {
 public:
  explicit EventLines(Context& context)
      : context_{context}, reader_{0, [&context] { context.check_interrupt(); }} {}

  /// Waits for one line, then takes what has already arrived, up to `most` lines. False at the
  /// end. Throws Interrupted after SIGINT.
  [[nodiscard]] bool next_batch(std::size_t most);

  /// Appends the answer to an event, a JSON object without a line's end, to its last argument.
  using Work =
      std::function<void(const bill::UsageEvent& event, std::string_view id, std::string& out)>;
  /// Works through the lines of the batch, in order.
  void for_each(const Work& work);

  void write_answers();

  /// 65 when a line failed, else 0.
  [[nodiscard]] int status() const noexcept { return failed_ ? 65 : 0; }

 private:
  struct Line {
    std::size_t begin;
    std::size_t size;
    std::uint64_t number;
    bool too_long;
  };
  void work_on(std::string_view text, std::uint64_t number, const Work& work);
  void fail(std::string_view text, std::uint64_t number, const Error& error);

  Context& context_;
  LineReader reader_;
  bill::UsageEventReader events_;
  std::string text_;
  std::vector<Line> lines_;
  std::string answers_;
  bool failed_ = false;
};

}  // namespace hart::cli
