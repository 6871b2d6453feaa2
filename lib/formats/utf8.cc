#include "formats/utf8.h"

#include <cstring>

namespace hart::formats {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr CodePoint kInvalid{kReplacement, 0};

bool is_continuation(std::uint8_t byte) noexcept {
  return (byte & 0xC0) == 0x80;
}

bool is_scalar_value(char32_t value) noexcept {
  return value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF);
}

/// Bytes that a sequence with this first byte takes, 0 when none begins with it.
std::size_t sequence_size(std::uint8_t first) noexcept {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

}  // namespace

CodePoint decode_utf8(ByteView bytes, std::size_t offset) noexcept {
  const std::uint8_t first = bytes[offset];
  const std::size_t size = sequence_size(first);
  if (size == 1) return {first, 1};
  if (size == 0 || bytes.size() - offset < size) return kInvalid;
  char32_t value = first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const std::uint8_t next = bytes[offset + i];
    if (!is_continuation(next)) return kInvalid;
    value = value << 6 | (next & 0x3Fu);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  return overlong || !is_scalar_value(value) ? kInvalid : CodePoint{value, size};
}

std::size_t validate_utf8(ByteView bytes) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t offset = 0;
  while (offset < bytes.size()) {
    std::uint64_t word = kHighBits;
    if (bytes.size() - offset >= sizeof word) std::memcpy(&word, &bytes[offset], sizeof word);
    if ((word & kHighBits) == 0) {
      offset += sizeof word;
      continue;
    }
    const CodePoint point = decode_utf8(bytes, offset);
    if (point.size == 0) return offset;
    offset += point.size;
  }
  return offset;
}

void append_utf8(std::string& out, char32_t value) {
  if (!is_scalar_value(value)) value = kReplacement;
  const auto tail = [&](int shift) {
    out.push_back(static_cast<char>(0x80 | (value >> shift & 0x3F)));
  };
  if (value < 0x80) {
    out.push_back(static_cast<char>(value));
  } else if (value < 0x800) {
    out.push_back(static_cast<char>(0xC0 | value >> 6));
    tail(0);
  } else if (value < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | value >> 12));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xF0 | value >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::u32string to_utf32(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  const ByteView bytes = as_bytes(text);
  for (std::size_t offset = 0; offset < bytes.size();) {
    const CodePoint point = decode_utf8(bytes, offset);
    out.push_back(point.value);
    offset += point.size == 0 ? 1 : point.size;
  }
  return out;
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t value : text) append_utf8(out, value);
  return out;
}

}  // namespace hart::formats
