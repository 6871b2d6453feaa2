#include "nn/json_schema_object.h"

#include <algorithm>
#include <map>
#include <vector>

#include "core/bytes.h"
#include "formats/utf8.h"

namespace hart::nn {
namespace {

/// A character that stands in a name without an escape.
constexpr const char* kPlain = R"x([^"\\\x00-\x1F\x7F])x";

/// The names of a set, as a tree of their characters.
struct NameTree {
  std::map<char32_t, NameTree> next;
  bool ends = false;

  void add(const std::string& name) {
    NameTree* at = this;
    for (const char32_t c : formats::to_utf32(name)) at = &at->next[c];
    at->ends = true;
  }
};

std::string in_class(char32_t value) {
  std::string out = value == '[' || value == ']' || value == '-' || value == '^' ? "\\" : "";
  formats::append_utf8(out, value);
  return out;
}

bool stands_plain(char32_t value) {
  return value >= 0x20 && value != '"' && value != '\\' && value != 0x7F;
}

/// The rule for the rests of names that are not in `tree`. Names have no escapes, so that every
/// name has one spelling.
std::string other_names(const NameTree& tree, GbnfWriter& writer) {
  std::string taken;
  std::vector<std::string> parts;
  for (const auto& [character, rest] : tree.next) {
    if (!stands_plain(character)) continue;
    taken += in_class(character);
    std::string spelt;
    formats::append_utf8(spelt, character);
    parts.push_back(GbnfWriter::literal(spelt) + " " + other_names(rest, writer));
  }
  parts.push_back(std::string{R"x([^"\\\x00-\x1F\x7F)x"} + taken + "] " + kPlain + "*");
  if (!tree.ends) parts.push_back("\"\"");
  return writer.shared("other-name", GbnfWriter::choice(parts));
}

/// The members of one object, each "name": value, in the order of its schema.
class ObjectWriter {
 public:
  ObjectWriter(const Json& schema, const std::string& pointer, SchemaRules& rules)
      : schema_{schema},
        pointer_{pointer},
        rules_{rules},
        writer_{rules.writer()},
        space_{writer_.primitive("space")} {
    if (schema.contains("properties"))
      for (auto item = schema["properties"].begin(); item != schema["properties"].end(); ++item)
        add(item.key(), item.value());
    add_required();
    if (has_additional()) additional_ = additional_member();
  }

  std::string text() {
    // From the last member to the first: what may follow when a member has come before, and
    // when none has.
    std::string after = additional_.empty() ? "" : "(" + comma() + additional_ + ")*";
    std::string first =
        additional_.empty() ? "" : "(" + additional_ + " (" + comma() + additional_ + ")*)?";
    for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
      const std::string rest = after.empty() ? "" : " " + writer_.shared("members", after);
      const std::string begin = first.empty() ? "\"\"" : writer_.shared("members", first);
      first = member->is_required ? member->text + rest : member->text + rest + " | " + begin;
      after = comma() + member->text + rest;
      if (!member->is_required) after = "(" + after + ") |" + (rest.empty() ? " \"\"" : rest);
    }
    return "\"{\" " + space_ + " (" + first + ") \"}\"";
  }

 private:
  struct Member {
    std::string name;
    std::string text;
    bool is_required;
  };

  [[nodiscard]] std::string comma() const { return R"("," )" + space_ + " "; }

  [[nodiscard]] bool is_required(const std::string& name) const {
    if (!schema_.contains("required")) return false;
    const Json& list = schema_["required"];
    return std::find(list.begin(), list.end(), Json(name)) != list.end();
  }

  void add(const std::string& name, const Json& value) {
    const bool required = is_required(name);
    if (value == Json(false)) {
      if (required) refuse_schema(pointer_ + "/properties/" + name, "required, but false");
      taken_.add(name);
      return;
    }
    const std::string rule = rules_.rule({value, pointer_ + "/properties/" + name});
    members_.push_back({name,
                        GbnfWriter::literal(dump_json(Json(name))) + " \":\" " + space_ + " " +
                            rule + " " + space_,
                        required});
    taken_.add(name);
  }

  /// Required properties that have no schema of their own are what additional ones may be.
  void add_required() {
    if (!schema_.contains("required")) return;
    for (const Json& item : schema_["required"]) {
      const std::string name = item.get<std::string>();
      const bool is_known = std::any_of(members_.begin(), members_.end(),
                                        [&](const Member& m) { return m.name == name; });
      if (is_known) continue;
      const Json additional = schema_.contains("additionalProperties")
                                  ? schema_["additionalProperties"]
                                  : Json(true);
      if (additional == Json(false))
        refuse_schema(pointer_, "'" + name + "' is required, but not among the properties");
      add(name, additional);
    }
  }

  [[nodiscard]] bool has_additional() const {
    if (schema_.contains("additionalProperties"))
      return schema_["additionalProperties"] != Json(false);
    return !schema_.contains("properties") && !schema_.contains("required");
  }

  std::string additional_member() {
    const Json value =
        schema_.contains("additionalProperties") ? schema_["additionalProperties"] : Json(true);
    const std::string name = members_.empty() && taken_.next.empty() && !taken_.ends
                                 ? writer_.primitive("string")
                                 : R"("\"" )" + other_names(taken_, writer_) + R"( "\"")";
    return writer_.shared("additional",
                          name + " \":\" " + space_ + " " +
                              rules_.rule({value, pointer_ + "/additionalProperties"}) + " " +
                              space_);
  }

  const Json& schema_;
  const std::string& pointer_;
  SchemaRules& rules_;
  GbnfWriter& writer_;
  std::string space_;
  std::vector<Member> members_;
  NameTree taken_;
  std::string additional_;
};

}  // namespace

std::string object_gbnf(const Json& schema, const std::string& pointer, SchemaRules& rules) {
  return ObjectWriter{schema, pointer, rules}.text();
}

}  // namespace hart::nn
