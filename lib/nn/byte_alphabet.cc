#include "nn/byte_alphabet.h"

#include "formats/text_cursor.h"

namespace hart::nn {
namespace {

constexpr char32_t kEnd = 0x100 + 68;

constexpr std::array<char32_t, 256> make_letters() {
  std::array<char32_t, 256> letters{};
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool is_printable =
        (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    letters[byte] = is_printable ? byte : next++;
  }
  return letters;
}

constexpr std::array<char32_t, 256> kLetters = make_letters();

constexpr std::array<std::int16_t, kEnd> make_bytes() {
  std::array<std::int16_t, kEnd> bytes{};
  bytes.fill(-1);
  for (std::int16_t byte = 0; byte < 256; ++byte) bytes[kLetters[byte]] = byte;
  return bytes;
}

constexpr std::array<std::int16_t, kEnd> kBytes = make_bytes();

}  // namespace

char32_t alphabet_letter(std::uint8_t byte) noexcept {
  return kLetters[byte];
}

std::optional<std::uint8_t> alphabet_byte(char32_t letter) noexcept {
  if (letter >= kEnd || kBytes[letter] < 0) return std::nullopt;
  return static_cast<std::uint8_t>(kBytes[letter]);
}

std::string to_alphabet(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 4);
  for (const char byte : bytes)
    formats::append_utf8(text, alphabet_letter(static_cast<std::uint8_t>(byte)));
  return text;
}

std::string from_alphabet(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint point = formats::character_at(text, at);
    if (const auto byte = alphabet_byte(point.value))
      bytes += static_cast<char>(*byte);
    else
      bytes += text.substr(at, point.size);
    at += point.size;
  }
  return bytes;
}

bool is_alphabetic(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint point = formats::character_at(text, at);
    if (!alphabet_byte(point.value)) return false;
    at += point.size;
  }
  return true;
}

}  // namespace hart::nn
