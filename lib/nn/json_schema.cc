#include "nn/json_schema.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "core/error.h"
#include "nn/json_schema_format.h"
#include "nn/json_schema_object.h"
#include "nn/json_schema_pattern.h"
#include "nn/json_schema_range.h"
#include "nn/json_schema_resolver.h"
#include "nn/json_schema_writer.h"

namespace hart::nn {
namespace {

/// Deepest nesting of schemas that are written; references are followed by rules instead.
constexpr std::size_t kMaxSchemaNesting = 200;

/// The types that a schema means which does not say any: those that its keywords are about.
std::vector<std::string> meant_types(const Json& schema, const std::string& pointer) {
  if (schema.contains("type")) {
    const auto types = schema_types(schema, pointer);
    return {types.begin(), types.end()};
  }
  std::vector<std::string> types;
  const auto has_any = [&](std::initializer_list<const char*> keys) {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const char* key) { return schema.contains(key); });
  };
  if (has_any({"properties", "required", "additionalProperties"})) types.push_back("object");
  if (has_any({"items", "prefixItems", "minItems", "maxItems"})) types.push_back("array");
  if (has_any({"minLength", "maxLength", "pattern", "format"})) types.push_back("string");
  if (has_any({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}))
    types.push_back("number");
  return types;
}

std::string counted(std::uint64_t least, std::optional<std::uint64_t> most) {
  if (least == 0 && !most) return "*";
  return "{" + std::to_string(least) + "," + (most ? std::to_string(*most) : "") + "}";
}

std::optional<std::uint64_t> count_of(const Json& schema, const char* key) {
  if (!schema.contains(key)) return std::nullopt;
  return schema[key].get<std::uint64_t>();
}

class SchemaWriter final : public SchemaRules {
 public:
  explicit SchemaWriter(const Json& schema) : resolver_{schema} {
    const std::string root = writer_.reserve("root");
    names_.emplace("#", root);
    writer_.define(root, expression({schema, "#"}));
  }

  [[nodiscard]] std::string text() const { return writer_.text(); }

  std::string rule(const PlacedSchema& placed) override {
    PlacedSchema schema = {SchemaResolver::assertions(placed.schema, placed.pointer),
                           placed.pointer};
    std::string key = dump_json(schema.schema);
    if (schema.schema.size() == 1 && schema.schema.contains("$ref")) {
      schema = resolver_.target(schema.schema["$ref"], schema.pointer);
      key = schema.pointer;
    }
    if (const auto known = names_.find(key); known != names_.end()) return known->second;
    const std::string name =
        writer_.reserve(schema.pointer == "#" ? "root-value" : schema.pointer.substr(1));
    names_.emplace(key, name);
    if (++depth_ > kMaxSchemaNesting) refuse_schema(schema.pointer, "nested too deep");
    writer_.define(name, expression(schema));
    --depth_;
    return name;
  }

  GbnfWriter& writer() override { return writer_; }

 private:
  std::string expression(const PlacedSchema& placed) {
    const Json schema = SchemaResolver::assertions(placed.schema, placed.pointer);
    const std::string& pointer = placed.pointer;
    if (schema.size() == 1 && schema.contains("$ref")) return rule(placed);
    if (!is_combined(schema)) return plain(schema, pointer);
    std::vector<std::string> parts;
    if (schema.size() == 1 && schema.contains("anyOf") && schema["anyOf"].is_array()) {
      // Each by a rule of its own, so that they may refer back to this one.
      for (std::size_t i = 0; i < schema["anyOf"].size(); ++i)
        parts.push_back(rule({schema["anyOf"][i], pointer + "/anyOf/" + std::to_string(i)}));
    } else {
      for (const PlacedSchema& one : resolver_.alternatives(placed))
        parts.push_back(plain(one.schema, one.pointer));
    }
    if (parts.empty()) refuse_schema(pointer, "nothing is accepted");
    return GbnfWriter::choice(parts);
  }

  /// A schema without references and combinations.
  std::string plain(const Json& schema, const std::string& pointer) {
    if (schema.contains("enum") || schema.contains("const")) return values(schema, pointer);
    const std::vector<std::string> types = meant_types(schema, pointer);
    if (types.empty()) return writer_.primitive("value");
    std::vector<std::string> parts;
    parts.reserve(types.size());
    for (const std::string& type : types) parts.push_back(one_type(type, schema, pointer));
    return GbnfWriter::choice(parts);
  }

  std::string values(const Json& schema, const std::string& pointer) {
    for (auto item = schema.begin(); item != schema.end(); ++item)
      if (item.key() != "enum" && item.key() != "const" && item.key() != "type")
        refuse_schema(pointer, "'" + item.key() + "' beside enum or const is not supported");
    const Json list =
        schema.contains("const") ? Json::array({schema["const"]}) : schema["enum"];
    const auto types = schema_types(schema, pointer);
    std::vector<std::string> parts;
    for (const Json& value : list) {
      const bool in_both = !schema.contains("const") || !schema.contains("enum") ||
                           std::find(schema["enum"].begin(), schema["enum"].end(), value) !=
                               schema["enum"].end();
      const std::string type = schema_type_of(value);
      if (in_both && (types.contains(type) || (type == "integer" && types.contains("number"))))
        parts.push_back(GbnfWriter::literal(dump_json(value)));
    }
    if (parts.empty()) refuse_schema(pointer, "no value of enum or const has the type");
    return GbnfWriter::choice(parts);
  }

  std::string one_type(const std::string& type, const Json& schema,
                       const std::string& pointer) {
    if (type == "object") return object_gbnf(schema, pointer, *this);
    if (type == "array") return array(schema, pointer);
    if (type == "string") return string(schema, pointer);
    if (type == "integer" || type == "number") return number(type, schema, pointer);
    return writer_.primitive(type);
  }

  std::string string(const Json& schema, const std::string& pointer) {
    const bool has_length = schema.contains("minLength") || schema.contains("maxLength");
    const bool has_pattern = schema.contains("pattern");
    const bool has_format = schema.contains("format");
    if (has_length + has_pattern + has_format > 1)
      refuse_schema(pointer, "a length, a pattern and a format together are not supported");
    std::string inside;
    if (has_pattern) {
      inside = pattern_gbnf(schema["pattern"].get<std::string>(), writer_, pointer);
    } else if (has_format) {
      inside = format_gbnf(schema["format"].get<std::string>(), writer_);
      if (inside.empty())
        refuse_schema(pointer,
                      "the format " + dump_json(schema["format"]) + " is not supported");
    } else if (has_length) {
      const std::uint64_t least = count_of(schema, "minLength").value_or(0);
      const auto most = count_of(schema, "maxLength");
      if (most && *most < least) refuse_schema(pointer, "maxLength is less than minLength");
      inside = writer_.primitive("char") + counted(least, most);
    } else {
      return writer_.primitive("string");
    }
    return R"("\"" )" + inside + R"( "\"")";
  }

  /// The bound that `key` and its exclusive twin say.
  static std::optional<NumberBound> bound(const Json& schema, const std::string& key,
                                          bool is_lower, const std::string& pointer) {
    std::optional<NumberBound> out;
    const std::string exclusive = is_lower ? "exclusiveMinimum" : "exclusiveMaximum";
    for (const std::string& name : {key, exclusive}) {
      if (!schema.contains(name)) continue;
      const double value = schema[name].get<double>();
      if (value != std::floor(value) || std::abs(value) >= 1e15)
        refuse_schema(pointer + "/" + name,
                      "only whole numbers of at most 15 digits are supported");
      const NumberBound found{static_cast<std::int64_t>(value), name == exclusive};
      const bool is_tighter =
          !out || found.value == out->value || (found.value > out->value) == is_lower;
      if (is_tighter) out = found;
    }
    return out;
  }

  std::string number(const std::string& type, const Json& schema, const std::string& pointer) {
    const auto least = bound(schema, "minimum", true, pointer);
    const auto most = bound(schema, "maximum", false, pointer);
    if (!least && !most) return writer_.primitive(type);
    std::string range;
    if (type == "number") {
      range = number_range_gbnf(least, most);
    } else {
      const auto whole = [](const std::optional<NumberBound>& limit, std::int64_t inwards) {
        return limit ? std::optional{limit->value + (limit->is_exclusive ? inwards : 0)}
                     : std::nullopt;
      };
      range = integer_range_gbnf(whole(least, 1), whole(most, -1));
    }
    if (range.empty()) refuse_schema(pointer, "no number is between the bounds");
    return writer_.shared(type + "-range", range);
  }

  std::string array(const Json& schema, const std::string& pointer) {
    const std::uint64_t least = count_of(schema, "minItems").value_or(0);
    const auto most = count_of(schema, "maxItems");
    if (most && *most < least) refuse_schema(pointer, "maxItems is less than minItems");
    const std::string space = writer_.primitive("space");
    const std::string comma = R"("," )" + space + " ";
    std::vector<std::string> items;
    const Json none = Json::array();
    const Json& prefix = schema.contains("prefixItems") ? schema["prefixItems"] : none;
    for (std::size_t i = 0; i < prefix.size() && (!most || i < *most); ++i)
      items.push_back(rule({prefix[i], pointer + "/prefixItems/" + std::to_string(i)}) + " " +
                      space);
    std::uint64_t rest_least = least > items.size() ? least - items.size() : 0;
    std::optional<std::uint64_t> rest_most;
    if (most) rest_most = *most - items.size();
    const Json rest = schema.contains("items") ? schema["items"] : Json(true);
    const bool has_rest = schema.contains("items") || items.empty() || rest_least > 0;
    if (!has_rest || rest == Json(false)) {
      if (rest_least > 0) refuse_schema(pointer, "items is false, but minItems asks for more");
      rest_most = 0;
    }
    std::string body;
    for (const std::string& item : items) body += (body.empty() ? "" : comma) + item + " ";
    if (!rest_most || *rest_most > 0) {
      const std::string item = rule({rest, pointer + "/items"}) + " " + space;
      if (items.empty()) {
        const std::uint64_t others = rest_least > 0 ? rest_least - 1 : 0;
        if (rest_most) --*rest_most;
        body = "(" + item + " (" + comma + item + ")" + counted(others, rest_most) + ")" +
               (rest_least == 0 ? "?" : "");
      } else {
        body += "(" + comma + item + ")" + counted(rest_least, rest_most);
      }
    }
    return R"("[" )" + space + " " + body + R"( "]")";
  }

  GbnfWriter writer_;
  SchemaResolver resolver_;
  std::map<std::string, std::string> names_;  ///< rules by pointer or by the schema's text
  std::size_t depth_ = 0;
};

}  // namespace

std::string json_schema_to_gbnf(const Json& schema) {
  return SchemaWriter{schema}.text();
}

}  // namespace hart::nn
