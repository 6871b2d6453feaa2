#include "nn/template_format.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "formats/unicode.h"
#include "formats/utf8.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

void append_hex(std::string& out, char letter, char32_t value, int digits) {
  char text[16];
  std::snprintf(text, sizeof text, "\\%c%0*x", letter, digits, static_cast<unsigned>(value));
  out += text;
}

/// Whether `repr` shows the code point as it is: not the controls, the separators other than
/// the space, the soft hyphen, marks of direction, private and unassigned planes.
bool is_printable(char32_t value) noexcept {
  if (value < 0x20 || (value >= 0x7F && value < 0xA0) || value == 0xAD) return false;
  if (value != ' ' && formats::is_white_space(value)) return false;
  if ((value >= 0x200B && value <= 0x200F) || (value >= 0x202A && value <= 0x202E))
    return false;
  if ((value >= 0x2060 && value <= 0x206F) || value == 0xFEFF) return false;
  return !((value >= 0xE000 && value <= 0xF8FF) || (value & 0xFFFE) == 0xFFFE ||
           value >= 0xE0000);
}

void append_repr(std::string& out, std::string_view text) {
  const bool doubled =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = doubled ? '"' : '\'';
  out += quote;
  for (const std::string_view point : split_code_points(text)) {
    const char32_t value = formats::decode_utf8(as_bytes(point), 0).value;
    if (value == '\\' || value == static_cast<char32_t>(quote)) {
      out += '\\';
      out += point;
    } else if (value == '\n') {
      out += "\\n";
    } else if (value == '\r') {
      out += "\\r";
    } else if (value == '\t') {
      out += "\\t";
    } else if (is_printable(value)) {
      out += point;
    } else if (value < 0x100) {
      append_hex(out, 'x', value, 2);
    } else if (value < 0x10000) {
      append_hex(out, 'u', value, 4);
    } else {
      append_hex(out, 'U', value, 8);
    }
  }
  out += quote;
}

/// Writes values as Python prints them. The nesting of values is bounded, a namespace's is not:
/// it may hold itself.
class Printer {
 public:
  explicit Printer(Budget& budget) : budget_{budget} {}

  void repr(const Value& value) {
    budget_.take_steps(1);
    switch (value.kind()) {
      case Kind::string:
        budget_.take_bytes(value.text().size());
        return append_repr(out, value.text());
      case Kind::undefined:
        out += "Undefined";
        return;
      case Kind::sequence:
        return sequence(value.sequence());
      case Kind::mapping:
        return mapping(value.mapping());
      case Kind::name_space:
        return name_space(value.name_space());
      default:
        return plain(value);
    }
  }

  void plain(const Value& value) {
    switch (value.kind()) {
      case Kind::none:
        out += "None";
        break;
      case Kind::boolean:
        out += value.integer() != 0 ? "True" : "False";
        break;
      case Kind::integer:
        out += std::to_string(value.integer());
        break;
      case Kind::floating:
        out += float_text(value.number());
        break;
      case Kind::loop:
        out += "<LoopContext " + std::to_string(value.loop().index0 + 1) + "/" +
               std::to_string(value.loop().items.sequence().items.size()) + ">";
        break;
      case Kind::callable:
        out += "<function " + value.callable().name + ">";
        break;
      default:
        break;
    }
  }

  std::string out;

 private:
  void items(const Values& values) {
    bool first = true;
    for (const Value& item : values) {
      if (!first) out += ", ";
      first = false;
      repr(item);
    }
  }

  void sequence(const Sequence& value) {
    switch (value.kind) {
      case SequenceKind::list:
        out += '[';
        items(value.items);
        out += ']';
        break;
      case SequenceKind::tuple:
        out += '(';
        items(value.items);
        out += value.items.size() == 1 ? ",)" : ")";
        break;
      case SequenceKind::range:
        out += value.range_text;
        break;
      case SequenceKind::generator:
        out += "<generator object>";
        break;
      default:
        out += value.kind == SequenceKind::keys     ? "dict_keys(["
               : value.kind == SequenceKind::values ? "dict_values(["
                                                    : "dict_items([";
        items(value.items);
        out += "])";
    }
  }

  void mapping(const Mapping& value) {
    out += '{';
    for (std::size_t i = 0; i < value.entries.size(); ++i) {
      if (i > 0) out += ", ";
      repr(value.entries[i].first);
      out += ": ";
      repr(value.entries[i].second);
    }
    out += '}';
  }

  void name_space(const Namespace& value) {
    if (++namespaces_ > 8) fail("a namespace that holds itself cannot be printed");
    out += "<Namespace {";
    bool first = true;
    for (const auto& [name, item] : value.names) {
      if (!first) out += ", ";
      first = false;
      append_repr(out, name);
      out += ": ";
      repr(item);
    }
    out += "}>";
    --namespaces_;
  }

  Budget& budget_;
  unsigned namespaces_ = 0;
};

}  // namespace

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto shortest =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string scientific{buffer, shortest.ptr};
  const std::size_t e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent < -4 || exponent >= 16) return scientific;
  const auto fixed =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  std::string text{buffer, fixed.ptr};
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string to_text(const Value& value, Budget& budget) {
  if (value.is_string()) return value.text();
  if (value.is_undefined()) return {};
  return to_repr(value, budget);
}

std::string to_repr(const Value& value, Budget& budget) {
  Printer printer{budget};
  printer.repr(value);
  budget.take_bytes(printer.out.size());
  return std::move(printer.out);
}

}  // namespace hart::nn::jinja
