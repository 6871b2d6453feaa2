#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "store/file_io.h"

namespace hart::prov::exports {

/// Where the bytes of an export go.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void write(std::string_view bytes) = 0;
};

/// A string, for tests and for what is small.
class StringSink : public ByteSink {
 public:
  void write(std::string_view bytes) override { text += bytes; }
  std::string text;
};

/// A file that appears under its name when it is complete: written beside it as
/// `PATH.partial`, synced, renamed. Without `commit` nothing remains but what was there before.
class FileSink : public ByteSink {
 public:
  /// Throws Error(cannot_create) and kin.
  explicit FileSink(std::string path);
  ~FileSink() override;
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  void write(std::string_view bytes) override;
  /// Durable when it returns, the name in its folder included.
  void commit();
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  [[nodiscard]] std::string partial() const { return path_ + ".partial"; }
  void flush();

  std::string path_;
  std::unique_ptr<store::File> file_;
  std::string buffer_;
  std::uint64_t size_ = 0;
  bool committed_ = false;
};

/// Bytes that are written once and read once, in order: a megabyte in memory, what is more in a
/// file without a name under the temporary directory (TMPDIR).
class Spool : public ByteSink {
 public:
  Spool() = default;
  ~Spool() override;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Throws Error(io) and kin when the temporary directory takes no more.
  void write(std::string_view bytes) override;
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Starts reading. Nothing may be written any more.
  void rewind();
  /// The next bytes, at most `limit`; empty at the end. They live until the next call.
  std::string_view read(std::size_t limit);
  /// Everything, into another sink.
  void copy_to(ByteSink& sink);

 private:
  void flush();

  std::string buffer_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t flushed_ = 0;
  std::uint64_t read_ = 0;
  std::string chunk_;
};

/// Collects what a format appends, and hands it on in large pieces.
class TextWriter {
 public:
  explicit TextWriter(ByteSink& sink) : sink_{sink} {}

  /// To append to; call `written` after each record.
  [[nodiscard]] std::string& text() noexcept { return text_; }
  void written() {
    if (text_.size() >= kFlushBytes) flush();
  }
  void put(std::string_view text) {
    text_ += text;
    written();
  }
  void flush() {
    if (!text_.empty()) sink_.write(text_);
    text_.clear();
  }

 private:
  static constexpr std::size_t kFlushBytes = 1 << 16;
  ByteSink& sink_;
  std::string text_;
};

}  // namespace hart::prov::exports
