#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/error.h"
#include "formats/byte_order.h"

namespace hart::formats {

/// Throws Error(data, "GGUF byte <offset>: <message>").
[[noreturn]] inline void fail_gguf(std::uint64_t offset, const std::string& message) {
  throw Error{Fault::data, "GGUF byte " + std::to_string(offset) + ": " + message};
}

/// Reads the fields of a GGUF header one after the other; every read is checked against the
/// end.
class GgufCursor {
 public:
  explicit GgufCursor(ByteView bytes) : bytes_{bytes} {}

  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t remaining() const noexcept { return bytes_.size() - offset_; }

  /// In version 1 lengths, counts and dimensions are 32 bits wide, later 64.
  void set_version(std::uint32_t version) noexcept { length_bytes_ = version == 1 ? 4 : 8; }
  [[nodiscard]] std::uint64_t length_bytes() const noexcept { return length_bytes_; }
  /// How the numbers read from here on are stored; little-endian at first.
  void set_order(ByteOrder order) noexcept { order_ = order; }

  /// The next `size` bytes. Throws Error(data) naming `what` when fewer are left.
  ByteView take(std::uint64_t size, const char* what) {
    if (size > remaining())
      fail_gguf(offset_, std::string{"expected "} + what + " of " + std::to_string(size) +
                             " bytes, found the end after " + std::to_string(remaining()));
    const ByteView taken = bytes_.subspan(offset_, size);
    offset_ += size;
    return taken;
  }

  template <typename T> T read(const char* what) {
    return load_ordered<T>(take(sizeof(T), what).data(), order_);
  }

  std::uint64_t read_length(const char* what) {
    return length_bytes_ == 4 ? read<std::uint32_t>(what) : read<std::uint64_t>(what);
  }

  std::string_view read_string(const char* what) {
    const std::uint64_t size = read_length(what);
    return as_text(take(size, what));
  }

  /// Where `view`, taken from this cursor, begins.
  [[nodiscard]] std::uint64_t offset_of(std::string_view view) const noexcept {
    return static_cast<std::uint64_t>(as_bytes(view).data() - bytes_.data());
  }

 private:
  ByteView bytes_;
  std::uint64_t offset_ = 0;
  std::uint64_t length_bytes_ = 8;
  ByteOrder order_ = ByteOrder::little;
};

}  // namespace hart::formats
