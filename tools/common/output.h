#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/json.h"

namespace hart::cli {

/// Thrown when the reader of standard output has gone: the tool ends without a word, status
/// 141.
struct ClosedPipe {};

/// Rows of text, columns aligned when printed for people. A column whose cells all look like
/// numbers is aligned to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_{std::move(headings)} {}
  /// Precondition: as many cells as there are headings.
  void row(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  /// The lines of the table, headings first, each ended by a newline.
  [[nodiscard]] std::string format() const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

/// Results, on standard output: JSON lines for programs, aligned text for people.
///
/// Everything is buffered until `flush`, 64 KiB, or the end of the command; a stream of answers
/// is flushed after each (see line_stream.h). Every member that writes throws ClosedPipe when
/// the reader is gone and Error(io) when the device is full.
class Output {
 public:
  Output(int fd, bool human) noexcept : fd_{fd}, human_{human} {}

  /// Whether a person reads: standard output is a terminal, or `--format human`.
  [[nodiscard]] bool human() const noexcept { return human_; }

  /// One result. Its first key is `type`. JSON: one line, to which the `id` of the input line
  /// that is being answered is added. For people: one "key  value" line a key, `type` left out.
  void write(const Json& object);
  /// One result that has a better form for people than its keys: `human` and a newline. Only
  /// what is needed of the two is used; the text may span lines.
  void write(const Json& object, std::string_view human);
  /// One result for programs that is JSON text already, without `id`; people see nothing.
  void write_json(std::string_view object);

  /// For people only: nothing is printed when a program reads. Control characters that stored
  /// content may hold are replaced, so that no document can drive a terminal.
  void text(std::string_view line);
  void table(const Table& table);

  /// Bytes as they are, for `cat` and `export -o -`.
  void raw(ByteView bytes);

  void flush();
  /// Flushes, and closes standard output, so that an error that the kernel kept until then is
  /// seen.
  void finish();

  /// The `id` to echo on every object from now on; see LineStream, which sets it.
  void echo_id(const std::optional<Json>& id);

 private:
  void write_line(const Json& object);
  void put(std::string_view bytes);

  int fd_;
  bool human_;
  std::string buffer_;
  std::string echoed_id_;  ///< as the last key of an object: `,"id":7`; or empty
};

/// `text` with control characters (all but newline and tab) and invalid UTF-8 made visible.
[[nodiscard]] std::string printable(std::string_view text);

/// 1536 → "1.5 KiB"; for people.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

}  // namespace hart::cli
