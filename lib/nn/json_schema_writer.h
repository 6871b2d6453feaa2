#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hart::nn {

/// Throws Error(data, "json schema: <pointer>: <message>").
[[noreturn]] void refuse_schema(const std::string& pointer, const std::string& message);

/// The rules of a grammar that is being written, each with a name of its own.
class GbnfWriter {
 public:
  GbnfWriter();

  /// `text` as a GBNF literal.
  [[nodiscard]] static std::string literal(std::string_view text);
  /// The alternatives as one item: "( a | b )", or the only one in parentheses.
  [[nodiscard]] static std::string choice(const std::vector<std::string>& alternatives);

  /// A name like `hint` that no rule has yet.
  [[nodiscard]] std::string reserve(const std::string& hint);
  /// Says what the reserved rule `name` is.
  void define(const std::string& name, const std::string& body) { rules_[name] = body; }
  /// The rule with this body, made when there is none.
  [[nodiscard]] std::string shared(const std::string& hint, const std::string& body);
  /// The rule for what JSON has of its own: "value", "object", "array", "string", "number",
  /// "integer", "boolean", "null", "char" (of a string), "space" (between tokens). With the
  /// rules that it needs.
  [[nodiscard]] std::string primitive(const std::string& name);

  /// All rules, `root` first.
  [[nodiscard]] std::string text() const;

 private:
  std::map<std::string, std::string> rules_;
  std::set<std::string> names_;
  std::map<std::string, std::string> by_body_;
};

}  // namespace hart::nn
