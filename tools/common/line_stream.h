#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cli.h"

namespace hart::cli {

/// Longest line that a stream accepts; a longer one is a bad line.
inline constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;

/// Reads lines from a descriptor, and knows whether another can be had without waiting.
class LineReader {
 public:
  /// `check` is called whenever the reader is about to wait: where a signal becomes an
  /// exception.
  explicit LineReader(int fd, std::function<void()> check = {})
      : fd_{fd}, check_{std::move(check)} {}

  struct Line {
    std::string_view text;  ///< valid until the next call; no newline, no CR before it
    bool too_long = false;  ///< text is empty then: the line was skipped
  };

  /// The next line, blank ones included; nothing at the end. A last line needs no newline.
  /// Throws Error(io), and what `check` throws.
  [[nodiscard]] std::optional<Line> next();
  /// Whether `next` would return at once, because a whole line or the end has arrived.
  [[nodiscard]] bool ready();
  [[nodiscard]] std::uint64_t line_number() const noexcept { return number_; }

 private:
  bool fill();

  int fd_;
  std::function<void()> check_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t scanned_ = 0;
  std::uint64_t number_ = 0;
  bool end_ = false;
};

/// One item of a stream: a JSON object, or why the line is none.
struct InputLine {
  std::uint64_t number = 0;    ///< counted from 1
  Json value;                  ///< an object
  std::optional<Json> id;      ///< what stood under `id`, of any type
  std::vector<float> numbers;  ///< see LineStream::take_numbers
  std::exception_ptr error;    ///< set when the line is bad; value is empty then
  [[nodiscard]] bool ok() const noexcept { return !error; }
};

/// Items as JSON lines, answered in order. Blank lines are skipped. A bad line, or an answer
/// that throws Error(usage, data, no_input or denied), becomes an error object in its place,
///     {"type":"error","code","message","line","id"}
/// and the stream goes on; any other exception ends it.
class LineStream {
 public:
  explicit LineStream(Context& context, int fd = 0)
      : context_{context}, reader_{fd, [&context] { context.check_interrupt(); }} {}

  /// From now on the numbers that a line holds under `key`, as an array or in base64 (see
  /// number_array.h), are read into InputLine::numbers, many times faster than into a Json, and
  /// `value` has null in their place. What is out of the ordinary stays in `value`, and
  /// `numbers` is empty.
  void take_numbers(std::string key) { numbers_key_ = std::move(key); }

  /// Waits for one item, then takes what has already arrived, up to `most` items: batching
  /// never delays an answer. Empty at the end. Throws Interrupted after SIGINT.
  [[nodiscard]] std::vector<InputLine> next_batch(std::size_t most);

  /// Runs `work` as the answer to `line`: what it writes carries the line's id, and is flushed.
  /// For a bad line the error object is written instead.
  void answer(const InputLine& line, const std::function<void()>& work);

  /// Whether the next item can be had without waiting.
  [[nodiscard]] bool ready() { return reader_.ready(); }

  /// 65 when a line failed, else 0.
  [[nodiscard]] int status() const noexcept { return failed_ ? 65 : 0; }

 private:
  Context& context_;
  LineReader reader_;
  std::string numbers_key_;
  std::size_t numbers_expected_ = 0;  ///< as many as the last line had
  bool failed_ = false;
};

/// Answers each line of standard input with `work`; returns the stream's status.
int for_each_line(Context& context, const std::function<void(const InputLine&)>& work);

/// The string under `key` of a line's object. Throws Error(data) when it is missing or no
/// string.
[[nodiscard]] std::string required_string(const Json& object, const char* key);
/// The same; nothing when it is missing or null.
[[nodiscard]] std::optional<std::string> optional_string(const Json& object, const char* key);

}  // namespace hart::cli
