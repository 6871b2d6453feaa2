#include "core/bytes.h"

#include "core/error.h"

namespace hart {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr char kBase64Alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  throw Error{Fault::data, "not a hexadecimal digit: '" + std::string(1, c) + "'"};
}

constexpr std::uint8_t kNoBase64 = 64;

/// The value of each character as a base64 digit, or kNoBase64.
constexpr std::array<std::uint8_t, 256> base64_values() {
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values) value = kNoBase64;
  for (std::uint8_t i = 0; i < 64; ++i)
    values[static_cast<std::uint8_t>(kBase64Alphabet[i])] = i;
  return values;
}
constexpr std::array<std::uint8_t, 256> kBase64Values = base64_values();

std::uint32_t base64_value(char c) {
  const std::uint8_t value = kBase64Values[static_cast<std::uint8_t>(c)];
  if (value == kNoBase64)
    throw Error{Fault::data, "not a base64 character: '" + std::string(1, c) + "'"};
  return value;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kHexDigits[byte >> 4]);
    text.push_back(kHexDigits[byte & 15]);
  }
  return text;
}

ByteBuffer from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) throw Error{Fault::data, "odd number of hexadecimal digits"};
  ByteBuffer bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(hex_value(hex[i]) << 4 | hex_value(hex[i + 1])));
  return bytes;
}

std::string to_base64(ByteView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  char* out = text.data();
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3, out += 4) {
    const std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16 |
                                static_cast<std::uint32_t>(bytes[i + 1]) << 8 | bytes[i + 2];
    out[0] = kBase64Alphabet[group >> 18];
    out[1] = kBase64Alphabet[group >> 12 & 63];
    out[2] = kBase64Alphabet[group >> 6 & 63];
    out[3] = kBase64Alphabet[group & 63];
  }
  if (i == bytes.size()) return text;
  const bool two = i + 2 == bytes.size();
  const std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16 |
                              (two ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0u);
  out[0] = kBase64Alphabet[group >> 18];
  out[1] = kBase64Alphabet[group >> 12 & 63];
  if (two) out[2] = kBase64Alphabet[group >> 6 & 63];
  return text;
}

ByteBuffer from_base64(std::string_view text) {
  if (text.size() % 4 != 0) throw Error{Fault::data, "base64 length is not a multiple of four"};
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  ByteBuffer bytes(text.size() / 4 * 3 - padding);
  std::uint8_t* out = bytes.data();
  const std::size_t whole = padding == 0 ? text.size() : text.size() - 4;
  for (std::size_t i = 0; i < whole; i += 4, out += 3) {
    const std::uint32_t group = base64_value(text[i]) << 18 | base64_value(text[i + 1]) << 12 |
                                base64_value(text[i + 2]) << 6 | base64_value(text[i + 3]);
    out[0] = static_cast<std::uint8_t>(group >> 16);
    out[1] = static_cast<std::uint8_t>(group >> 8);
    out[2] = static_cast<std::uint8_t>(group);
  }
  if (padding == 0) return bytes;
  const std::uint32_t group = base64_value(text[whole]) << 18 |
                              base64_value(text[whole + 1]) << 12 |
                              (padding == 1 ? base64_value(text[whole + 2]) << 6 : 0u);
  out[0] = static_cast<std::uint8_t>(group >> 16);
  if (padding == 1) out[1] = static_cast<std::uint8_t>(group >> 8);
  if ((group & (padding == 1 ? 0xffu : 0xffffu)) != 0)
    throw Error{Fault::data, "base64 has stray bits before its padding"};
  return bytes;
}

}  // namespace hart
