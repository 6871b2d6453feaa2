// What `tojson` writes.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "formats/utf8.h"
#include "nn/template_format.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

class JsonWriter {
 public:
  JsonWriter(const JsonStyle& style, Budget& budget) : style_{style}, budget_{budget} {}

  void write(const Value& value, std::size_t depth);

  std::string out;

 private:
  void write_string(std::string_view text);
  void write_escape(char32_t value);
  void write_items(const Values& items, std::size_t depth);
  void write_entries(const Mapping& mapping, std::size_t depth);
  [[nodiscard]] std::string key_text(const Value& key) const;
  void new_line(std::size_t depth) {
    if (!style_.indent) return;
    budget_.take_bytes(depth * style_.indent->size());
    out += '\n';
    for (std::size_t i = 0; i < depth; ++i) out += *style_.indent;
  }

  const JsonStyle& style_;
  Budget& budget_;
};

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return float_text(value);
}

void JsonWriter::write(const Value& value, std::size_t depth) {
  budget_.take_steps(1);
  switch (value.kind()) {
    case Kind::none:
      out += "null";
      return;
    case Kind::boolean:
      out += value.integer() != 0 ? "true" : "false";
      return;
    case Kind::integer:
      out += std::to_string(value.integer());
      return;
    case Kind::floating:
      out += number_text(value.number());
      return;
    case Kind::string:
      return write_string(value.text());
    case Kind::mapping:
      return write_entries(value.mapping(), depth);
    case Kind::sequence:
      if (value.sequence().kind <= SequenceKind::tuple)
        return write_items(value.sequence().items, depth);
      break;
    default:
      break;
  }
  fail(std::string{"an object of type "} + type_name(value) + " cannot be written as JSON");
}

void JsonWriter::write_escape(char32_t value) {
  const auto unit = [&](std::uint32_t code) {
    char text[16];
    std::snprintf(text, sizeof text, "\\u%04x", code);
    out += text;
  };
  if (value < 0x10000) return unit(value);
  unit(0xD800 + ((value - 0x10000) >> 10));
  unit(0xDC00 + ((value - 0x10000) & 0x3FF));
}

void JsonWriter::write_string(std::string_view text) {
  constexpr std::string_view kSpecial = "\"\\\n\r\t\b\f";
  constexpr std::string_view kLetters = "\"\\nrtbf";
  budget_.take_bytes(text.size());
  out += '"';
  for (const std::string_view point : split_code_points(text)) {
    const char32_t value = formats::decode_utf8(as_bytes(point), 0).value;
    const std::size_t special =
        point.size() == 1 ? kSpecial.find(point[0]) : std::string_view::npos;
    if (special != std::string_view::npos) {
      out += '\\';
      out += kLetters[special];
    } else if (value < 0x20 || (style_.ascii && value > 0x7E)) {
      write_escape(value);
    } else {
      out += point;
    }
  }
  out += '"';
}

void JsonWriter::write_items(const Values& items, std::size_t depth) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += style_.item_separator;
    new_line(depth + 1);
    write(items[i], depth + 1);
  }
  if (!items.empty()) new_line(depth);
  out += ']';
}

std::string JsonWriter::key_text(const Value& key) const {
  switch (key.kind()) {
    case Kind::string:
      return key.text();
    case Kind::none:
      return "null";
    case Kind::boolean:
      return key.integer() != 0 ? "true" : "false";
    case Kind::integer:
      return std::to_string(key.integer());
    case Kind::floating:
      return number_text(key.number());
    default:
      fail("keys must be str, int, float, bool or None to be written as JSON");
  }
}

void JsonWriter::write_entries(const Mapping& mapping, std::size_t depth) {
  std::vector<const std::pair<Value, Value>*> entries;
  for (const auto& entry : mapping.entries) entries.push_back(&entry);
  if (style_.sort_keys)
    std::stable_sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) {
      return compare(a->first, b->first) < 0;
    });
  out += '{';
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out += style_.item_separator;
    new_line(depth + 1);
    write_string(key_text(entries[i]->first));
    out += style_.key_separator;
    write(entries[i]->second, depth + 1);
  }
  if (!entries.empty()) new_line(depth);
  out += '}';
}

}  // namespace

std::string to_json(const Value& value, const JsonStyle& style, Budget& budget) {
  JsonWriter writer{style, budget};
  writer.write(value, 0);
  return std::move(writer.out);
}

}  // namespace hart::nn::jinja
