#include "common/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/error.h"

namespace hart::cli {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

/// A JSON value as a person reads it: strings without quotes, the rest as JSON.
std::string plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump_json(value);
}

[[noreturn]] void throw_write_error(int error_number) {
  if (error_number == EPIPE) throw ClosedPipe{};
  throw_errno(Fault::io, "standard output", error_number);
}

}  // namespace

void Output::write(const Json& object) {
  if (!human_) return write_line(object);
  std::size_t width = 0;
  for (const auto& [key, value] : object.items()) width = std::max(width, key.size());
  for (const auto& [key, value] : object.items()) {
    if (key == "type") continue;
    put(key + std::string(width - key.size() + 2, ' ') + printable(plain(value)) + "\n");
  }
}

void Output::write_line(const Json& object) {
  std::string line = dump_json(object);
  if (!echoed_id_.empty() && !object.contains("id")) {
    line.pop_back();
    line += echoed_id_ + '}';
  }
  line += '\n';
  put(line);
}

void Output::write_json(std::string_view object) {
  if (human_) return;
  object.remove_suffix(1);
  buffer_ += object;
  buffer_ += echoed_id_;
  put("}\n");
}

void Output::echo_id(const std::optional<Json>& id) {
  echoed_id_ = id ? ",\"id\":" + dump_json(*id) : std::string{};
}

void Output::write(const Json& object, std::string_view human) {
  if (human_) {
    text(human);
  } else {
    write(object);
  }
}

void Output::text(std::string_view line) {
  if (human_) put(printable(line) + "\n");
}

void Output::table(const Table& table) {
  if (human_ && !table.empty()) put(printable(table.format()));
}

void Output::raw(ByteView bytes) {
  put(as_text(bytes));
}

void Output::put(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kBufferBytes) flush();
}

void Output::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error_number = errno;
      buffer_.clear();
      throw_write_error(error_number);
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void Output::finish() {
  flush();
  // Some file systems report a full disk only here. EBADF: there was no standard output.
  if (fd_ >= 0 && ::close(fd_) != 0 && errno != EBADF) throw_write_error(errno);
  fd_ = -1;
}

}  // namespace hart::cli
