#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/bytes.h"
#include "core/endian.h"
#include "core/error.h"
#include "core/id.h"

namespace hart::prov {

/// Takes values one after the other from bytes that may be damaged or hostile. Every member
/// throws Error(data, "<what>: ends too early") instead of reading past the end.
class ByteReader {
 public:
  ByteReader(ByteView bytes, const char* what) : rest_{bytes}, what_{what} {}

  template <typename T> [[nodiscard]] T take() {
    return load_le<T>(take_bytes(sizeof(T)).data());
  }
  [[nodiscard]] ByteView take_bytes(std::size_t size) {
    if (size > rest_.size()) fail("ends too early");
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  [[nodiscard]] ByteView take_rest() { return take_bytes(rest_.size()); }
  /// A string after its length as u32.
  [[nodiscard]] std::string take_string() {
    return std::string{as_text(take_bytes(take<std::uint32_t>()))};
  }
  [[nodiscard]] Hash256 take_hash() {
    const ByteView bytes = take_bytes(32);
    Hash256 hash;
    std::copy(bytes.begin(), bytes.end(), hash.begin());
    return hash;
  }

  /// u8 space, 32 bytes digest.
  [[nodiscard]] Id take_id() {
    const auto space = take<std::uint8_t>();
    if (space > static_cast<std::uint8_t>(IdSpace::keyed)) fail("unknown space of an id");
    return {static_cast<IdSpace>(space), take_hash()};
  }

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }
  /// Throws Error(data) unless everything was taken.
  void expect_end() const {
    if (!rest_.empty()) fail("has bytes after its end");
  }
  [[noreturn]] void fail(const std::string& cause) const {
    throw Error{Fault::data, std::string{what_} + ": " + cause};
  }

 private:
  ByteView rest_;
  const char* what_;
};

}  // namespace hart::prov
