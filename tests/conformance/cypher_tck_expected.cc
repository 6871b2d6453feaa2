#include "cypher_tck_expected.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>
#include <vector>

#include "prov/cypher/functions.h"

namespace cypher_tck {

namespace {

namespace cypher = hart::prov::cypher;

class ValueReader {
 public:
  ValueReader(std::string_view text, cypher::ListOrder lists) : text_{text}, lists_{lists} {}

  std::string read() {
    std::string value = any();
    skip_space();
    if (at_ != text_.size()) refuse();
    return value;
  }

  cypher::Value read_value() {
    cypher::Value value = plain();
    skip_space();
    if (at_ != text_.size()) refuse();
    return value;
  }

 private:
  [[noreturn]] void refuse() const {
    throw std::runtime_error{"cannot read the expected value " + std::string{text_} +
                             " from byte " + std::to_string(at_)};
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0)
      ++at_;
  }
  bool skip(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!skip(token)) refuse();
  }
  std::string word() {
    skip_space();
    std::string name;
    if (skip("`")) {
      while (at_ < text_.size() && text_[at_] != '`') name += text_[at_++];
      expect("`");
      return name;
    }
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      name += text_[at_++];
    return name;
  }

  std::string any();
  std::string list();
  std::string properties();
  std::string labels_and_properties();
  std::string edge();
  std::string path();
  cypher::Value plain();
  std::string string();
  cypher::Value number();

  std::string_view text_;
  cypher::ListOrder lists_;
  std::size_t at_ = 0;
};

std::string ValueReader::any() {
  switch (peek()) {
    case '(': {
      expect("(");
      std::string node = "(" + labels_and_properties() + ")";
      expect(")");
      return node;
    }
    case '<':
      return path();
    case '{':
      return properties();
    case '[': {
      const std::size_t start = at_;
      expect("[");
      if (peek() == ':') return edge();
      at_ = start;
      return list();
    }
    case '\'':
      return cypher::quoted_text(string());
    default: {
      const cypher::Value value = plain();
      if (value.kind() == cypher::Kind::floating)
        return cypher::number_text(value.floating() == 0 ? 0.0 : value.floating());
      if (value.kind() == cypher::Kind::integer) return std::to_string(value.integer());
      return value.is_null() ? "null" : value.boolean() ? "true" : "false";
    }
  }
}

std::string ValueReader::list() {
  std::vector<std::string> items;
  expect("[");
  if (peek() != ']') {
    do items.push_back(any());
    while (skip(","));
  }
  expect("]");
  if (lists_ == cypher::ListOrder::sorted) std::sort(items.begin(), items.end());
  std::string text = "[";
  for (std::size_t i = 0; i < items.size(); ++i) text += (i > 0 ? ", " : "") + items[i];
  return text + "]";
}

std::string ValueReader::properties() {
  std::map<std::string, std::string> entries;
  expect("{");
  if (peek() != '}') {
    do {
      const std::string key = word();
      expect(":");
      entries[key] = any();
    } while (skip(","));
  }
  expect("}");
  std::string text = "{";
  for (const auto& [key, value] : entries)
    text += (text.size() > 1 ? ", " : "") + key + ": " + value;
  return text + "}";
}

std::string ValueReader::labels_and_properties() {
  std::vector<std::string> labels;
  while (skip(":")) labels.push_back(word());
  std::sort(labels.begin(), labels.end());
  std::string text;
  for (const std::string& label : labels) text += ":" + label;
  if (peek() == '{') {
    const std::string map = properties();
    if (map != "{}") text += (labels.empty() ? "" : " ") + map;
  }
  return text;
}

std::string ValueReader::edge() {
  std::string text = "[" + labels_and_properties() + "]";
  expect("]");
  return text;
}

std::string ValueReader::path() {
  expect("<");
  std::string text = "<" + any();
  while (!skip(">")) {
    const bool backward = skip("<-");
    if (!backward) expect("-");
    expect("[");
    text += (backward ? "<-" : "-") + edge();
    expect(backward ? "-" : "->");
    text += (backward ? "-" : "->") + any();
  }
  return text + ">";
}

std::string ValueReader::string() {
  std::string text;
  expect("'");
  while (at_ < text_.size() && text_[at_] != '\'') {
    char c = text_[at_++];
    if (c == '\\' && at_ < text_.size()) {
      c = text_[at_++];
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
    text += c;
  }
  if (at_ == text_.size()) refuse();
  ++at_;
  return text;
}

cypher::Value ValueReader::number() {
  const std::size_t start = at_;
  while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                text_[at_] == '.' || text_[at_] == '-' || text_[at_] == '+'))
    ++at_;
  const std::string digits{text_.substr(start, at_ - start)};
  if (digits.empty()) refuse();
  if (digits == "Inf" || digits == "-Inf")
    return std::numeric_limits<double>::infinity() * (digits[0] == '-' ? -1 : 1);
  if (digits.find_first_of(".eE") == std::string::npos) return std::int64_t{std::stoll(digits)};
  return std::stod(digits);
}

cypher::Value ValueReader::plain() {
  const char first = peek();
  if (first == '\'') return string();
  if (first == '[') {
    cypher::List items;
    expect("[");
    if (peek() != ']') {
      do items.push_back(plain());
      while (skip(","));
    }
    expect("]");
    return items;
  }
  if (first == '{') {
    cypher::Map entries;
    expect("{");
    if (peek() != '}') {
      do {
        std::string key = word();
        expect(":");
        entries[std::move(key)] = plain();
      } while (skip(","));
    }
    expect("}");
    return entries;
  }
  if (skip("null")) return {};
  if (skip("true")) return true;
  if (skip("false")) return false;
  if (skip("NaN")) return std::nan("");
  return number();
}

}  // namespace

std::string canonical_text(std::string_view text, cypher::ListOrder lists) {
  return ValueReader{text, lists}.read();
}

cypher::Value parameter_value(std::string_view text) {
  return ValueReader{text, cypher::ListOrder::kept}.read_value();
}

}  // namespace cypher_tck
