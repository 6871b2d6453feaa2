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

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  throw Error{Fault::data, "not a base64 character: '" + std::string(1, c) + "'"};
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
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t group =
        static_cast<std::uint32_t>(bytes[i]) << 16 |
        (left > 1 ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0u) |
        (left > 2 ? static_cast<std::uint32_t>(bytes[i + 2]) : 0u);
    text.push_back(kBase64Alphabet[group >> 18]);
    text.push_back(kBase64Alphabet[group >> 12 & 63]);
    text.push_back(left > 1 ? kBase64Alphabet[group >> 6 & 63] : '=');
    text.push_back(left > 2 ? kBase64Alphabet[group & 63] : '=');
  }
  return text;
}

ByteBuffer from_base64(std::string_view text) {
  if (text.size() % 4 != 0) throw Error{Fault::data, "base64 length is not a multiple of four"};
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  ByteBuffer bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::size_t digits = i + 4 == text.size() ? 4 - padding : 4;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j)
      group = group << 6 |
              (j < digits ? static_cast<std::uint32_t>(base64_value(text[i + j])) : 0u);
    bytes.push_back(static_cast<std::uint8_t>(group >> 16));
    if (digits > 2) bytes.push_back(static_cast<std::uint8_t>(group >> 8));
    if (digits > 3) bytes.push_back(static_cast<std::uint8_t>(group));
    const std::uint32_t unused = digits == 2 ? group & 0xffff : digits == 3 ? group & 0xff : 0;
    if (unused != 0) throw Error{Fault::data, "base64 has stray bits before its padding"};
  }
  return bytes;
}

}  // namespace hart
