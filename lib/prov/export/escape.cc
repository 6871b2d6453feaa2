#include "prov/export/escape.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace hart::prov::exports {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

/// What follows from the first byte of a sequence of UTF-8: its length (0: none begins so) and
/// the range of the second byte (Unicode 15, table 3-7).
struct Utf8Lead {
  std::size_t length;
  unsigned char low;
  unsigned char high;
};

constexpr Utf8Lead utf8_lead(unsigned char first) {
  if (first >= 0xC2 && first <= 0xDF) return {2, 0x80, 0xBF};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first >= 0xE1 && first <= 0xEF) return {3, 0x80, 0xBF};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first >= 0xF1 && first <= 0xF3) return {4, 0x80, 0xBF};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

struct Utf8Step {
  std::size_t size;  ///< bytes to pass over, at least 1
  bool valid;
};

/// The sequence at the front of `text`, whose first byte is not ASCII.
Utf8Step utf8_step(std::string_view text) {
  const Utf8Lead lead = utf8_lead(static_cast<unsigned char>(text[0]));
  if (lead.length == 0) return {1, false};
  for (std::size_t i = 1; i < lead.length; ++i) {
    const unsigned char low = i == 1 ? lead.low : 0x80;
    const unsigned char high = i == 1 ? lead.high : 0xBF;
    if (i == text.size()) return {i, false};
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < low || byte > high) return {i, false};
  }
  return {lead.length, true};
}

/// Which bytes of ASCII are copied as they are. Others go to the format.
using PlainBytes = std::array<bool, 128>;

constexpr PlainBytes all_but(std::string_view special, bool controls_too) {
  PlainBytes plain{};
  for (std::size_t i = 0; i < plain.size(); ++i)
    plain[i] = !(controls_too && (i < 0x20 || i == 0x7F));
  for (const char c : special) plain[static_cast<std::size_t>(c)] = false;
  return plain;
}

template <typename Special>
void append_escaped(std::string& out, std::string_view text, const PlainBytes& plain,
                    const Special& special) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size()) {
      const auto byte = static_cast<unsigned char>(text[end]);
      if (byte < plain.size()) {
        if (!plain[byte]) break;
        ++end;
        continue;
      }
      const Utf8Step step = utf8_step(text.substr(end));
      if (!step.valid) break;
      end += step.size;
    }
    out.append(text.substr(at, end - at));
    if (end == text.size()) return;
    if (static_cast<unsigned char>(text[end]) < plain.size()) {
      special(out, text[end]);
      at = end + 1;
    } else {
      out.append(kReplacement);
      at = end + utf8_step(text.substr(end)).size;
    }
  }
}

/// "\u0007"
void append_u_escape(std::string& out, char c) {
  out += "\\u00";
  out += kHexDigits[static_cast<unsigned char>(c) >> 4];
  out += kHexDigits[static_cast<unsigned char>(c) & 15];
}

/// The letter that follows the backslash, 0 when there is none.
constexpr char escape_letter(char c) {
  switch (c) {
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    default:
      return 0;
  }
}

/// With a backslash: by its letter, by its number, or as it is.
void append_backslashed(std::string& out, char c) {
  if (const char letter = escape_letter(c); letter != 0) {
    out += '\\';
    out += letter;
  } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
    append_u_escape(out, c);
  } else {
    out += '\\';
    out += c;
  }
}

void append_xml_special(std::string& out, char c) {
  switch (c) {
    case '&':
      out += "&amp;";
      return;
    case '<':
      out += "&lt;";
      return;
    case '>':
      out += "&gt;";
      return;
    case '"':
      out += "&quot;";
      return;
    case '\t':
      out += "&#9;";
      return;
    case '\n':
      out += "&#10;";
      return;
    case '\r':
      out += "&#13;";
      return;
    case 0x7F:
      out += c;
      return;
    default:
      out += kReplacement;
  }
}

/// U+FFFE and U+FFFF, valid UTF-8 that XML cannot hold, from `from` on.
void replace_noncharacters(std::string& out, std::size_t from) {
  for (std::size_t at = out.find("\xEF\xBF", from); at != std::string::npos;
       at = out.find("\xEF\xBF", at + 3))
    if (out[at + 2] == '\xBE' || out[at + 2] == '\xBF') out[at + 2] = '\xBD';
}

constexpr bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_cypher_identifier(std::string_view text) {
  if (text.empty() || !is_ascii_letter(text[0])) return false;
  for (const char c : text)
    if (!is_ascii_letter(c) && !is_digit(c)) return false;
  return true;
}

}  // namespace

void append_utf8_text(std::string& out, std::string_view text) {
  static constexpr PlainBytes kPlain = all_but("", false);
  append_escaped(out, text, kPlain, [](std::string& to, char c) { to += c; });
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr PlainBytes kPlain = all_but("\"\\", true);
  out += '"';
  append_escaped(out, text, kPlain, append_backslashed);
  out += '"';
}

void append_xml(std::string& out, std::string_view text) {
  static constexpr PlainBytes kPlain = all_but("&<>\"", true);
  const std::size_t from = out.size();
  append_escaped(out, text, kPlain, append_xml_special);
  replace_noncharacters(out, from);
}

void append_csv_field(std::string& out, std::string_view text) {
  static constexpr PlainBytes kPlain = all_but("\"", false);
  out += '"';
  append_escaped(out, text, kPlain, [](std::string& to, char) { to += "\"\""; });
  out += '"';
}

void append_cypher_string(std::string& out, std::string_view text) {
  static constexpr PlainBytes kPlain = all_but("'\\", true);
  out += '\'';
  append_escaped(out, text, kPlain, append_backslashed);
  out += '\'';
}

void append_cypher_name(std::string& out, std::string_view text) {
  static constexpr PlainBytes kPlain = all_but("`\\", true);
  if (is_cypher_identifier(text)) {
    out += text;
    return;
  }
  out += '`';
  append_escaped(out, text, kPlain, [](std::string& to, char c) {
    if (c == '`') {
      to += "``";
    } else {
      append_u_escape(to, c);
    }
  });
  out += '`';
}

void append_dot_string(std::string& out, std::string_view text) {
  static constexpr PlainBytes kPlain = all_but("\"\\&", true);
  out += '"';
  append_escaped(out, text, kPlain, [](std::string& to, char c) {
    if (c == '&') {
      to += "&amp;";
    } else if (c == '\n') {
      to += "\\n";
    } else if (c == '\t' || c == '\r') {
      to += ' ';
    } else if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else {
      to += kReplacement;
    }
  });
  out += '"';
}

void append_provn_string(std::string& out, std::string_view text) {
  static constexpr PlainBytes kPlain = all_but("\"\\\b\t\n\f\r", false);
  out += '"';
  append_escaped(out, text, kPlain, append_backslashed);
  out += '"';
}

void append_local_name(std::string& out, std::string_view text) {
  static constexpr std::array<bool, 256> kPlain = [] {
    std::array<bool, 256> plain{};
    for (std::size_t i = 0; i < plain.size(); ++i) {
      const char c = static_cast<char>(i);
      plain[i] = is_ascii_letter(c) || is_digit(c) || c == '-' || c == '/';
    }
    return plain;
  }();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // No name may begin with a hyphen.
    if (kPlain[byte] && (i > 0 || text[i] != '-')) {
      out += text[i];
      continue;
    }
    out += '%';
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
}

}  // namespace hart::prov::exports
