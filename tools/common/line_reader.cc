#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "common/line_stream.h"

namespace hart::cli {

namespace {
constexpr std::size_t kReadBytes = 64 * 1024;
}

/// Reads once, at the end of the buffer. Returns false at the end of the input.
bool LineReader::fill() {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
  }
  const std::size_t old_size = buffer_.size();
  buffer_.resize(old_size + kReadBytes);
  const ssize_t count = ::read(fd_, buffer_.data() + old_size, kReadBytes);
  const int error_number = errno;
  buffer_.resize(old_size + static_cast<std::size_t>(count > 0 ? count : 0));
  if (count < 0 && error_number != EINTR)
    throw_errno(Fault::io, "standard input", error_number);
  if (count == 0) end_ = true;
  return count != 0;
}

std::optional<LineReader::Line> LineReader::next() {
  bool too_long = false;
  for (;;) {
    const std::size_t newline = buffer_.find('\n', scanned_);
    if (newline != std::string::npos || (end_ && (buffer_.size() > begin_ || too_long))) {
      const std::size_t stop = newline != std::string::npos ? newline : buffer_.size();
      std::string_view text{buffer_.data() + begin_, stop - begin_};
      if (text.ends_with('\r')) text.remove_suffix(1);
      begin_ = scanned_ = newline != std::string::npos ? newline + 1 : buffer_.size();
      ++number_;
      too_long = too_long || text.size() > kMaxLineBytes;
      return Line{too_long ? std::string_view{} : text, too_long};
    }
    if (end_) return std::nullopt;
    scanned_ = buffer_.size();
    if (scanned_ - begin_ > kMaxLineBytes) {
      // What was read of the line is dropped, so that memory stays bounded.
      too_long = true;
      begin_ = scanned_;
    }
    if (check_) check_();
    fill();
  }
}

bool LineReader::ready() {
  for (;;) {
    const std::size_t newline = buffer_.find('\n', scanned_);
    if (newline != std::string::npos || end_) return true;
    scanned_ = buffer_.size();
    // A line beyond the limit is left to `next`, which drops it piece by piece.
    if (scanned_ - begin_ > kMaxLineBytes) return false;
    pollfd descriptor{fd_, POLLIN, 0};
    if (::poll(&descriptor, 1, 0) <= 0) return false;
    fill();
  }
}

}  // namespace hart::cli
