#include <algorithm>
#include <string_view>

#include "nn/json_schema_resolver.h"
#include "nn/json_schema_writer.h"

namespace hart::nn {
namespace {

constexpr std::string_view kTypes[] = {"null",   "boolean", "integer", "number",
                                       "string", "array",   "object"};

bool holds(const Json& list, const Json& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

/// The schema of the property `name` where only the other side names it.
const Json* others_schema(const Json& schema) {
  const auto additional = schema.find("additionalProperties");
  return additional == schema.end() || *additional == Json(true) ? nullptr : &*additional;
}

Json both_schemas(const Json& a, const Json& b) {
  if (a == b) return a;
  return {{"allOf", Json::array({a, b})}};
}

/// The properties of both. One that is named on one side only must also be what the other side
/// asks of additional properties; where that is false, it must not come.
Json merged_properties(const Json& a, const Json& b) {
  const Json none = Json::object();
  const Json& ours = a.contains("properties") ? a["properties"] : none;
  const Json& theirs = b.contains("properties") ? b["properties"] : none;
  Json out = Json::object();
  const auto add = [&](const std::string& name, const Json& schema, const Json& other) {
    const Json* rule = others_schema(other);
    if (rule == nullptr)
      out[name] = schema;
    else if (*rule != Json(false))
      out[name] = both_schemas(schema, *rule);
  };
  for (auto item = ours.begin(); item != ours.end(); ++item) {
    if (theirs.contains(item.key()))
      out[item.key()] = both_schemas(item.value(), theirs[item.key()]);
    else
      add(item.key(), item.value(), b);
  }
  for (auto item = theirs.begin(); item != theirs.end(); ++item)
    if (!ours.contains(item.key())) add(item.key(), item.value(), a);
  return out;
}

Json merged_types(const Json& a, const Json& b, const std::string& pointer) {
  const auto ours = schema_types(a, pointer), theirs = schema_types(b, pointer);
  Json out = Json::array();
  for (const std::string_view type : kTypes) {
    const std::string name{type};
    // Every integer is a number.
    const bool in_ours = ours.contains(name) || (name == "integer" && ours.contains("number"));
    const bool in_theirs =
        theirs.contains(name) || (name == "integer" && theirs.contains("number"));
    if (in_ours && in_theirs) out.push_back(name);
  }
  if (out.empty()) refuse_schema(pointer, "no type is left that all parts accept");
  return out;
}

Json merged_enum(const Json& a, const Json& b, const std::string& pointer) {
  Json out = Json::array();
  for (const Json& value : a)
    if (holds(b, value)) out.push_back(value);
  if (out.empty()) refuse_schema(pointer, "no value is left that all parts accept");
  return out;
}

Json merged_keyword(const std::string& key, const Json& a, const Json& b,
                    const std::string& pointer) {
  const auto are_numbers = a.is_number() && b.is_number();
  if (a == b) return a;
  if (key == "required") {
    Json out = a;
    for (const Json& name : b)
      if (!holds(out, name)) out.push_back(name);
    return out;
  }
  if (key == "enum") return merged_enum(a, b, pointer);
  if (are_numbers && (key.starts_with("min") || key == "exclusiveMinimum"))
    return a < b ? b : a;
  if (are_numbers && (key.starts_with("max") || key == "exclusiveMaximum"))
    return a < b ? a : b;
  if (key == "items" || key == "additionalProperties") {
    if (a == Json(false) || b == Json(false)) return false;
    return both_schemas(a, b);
  }
  refuse_schema(pointer, "'" + key +
                             "' is said twice in parts that must all hold, which is "
                             "not supported");
}

}  // namespace

std::set<std::string> schema_types(const Json& schema, const std::string& pointer) {
  std::set<std::string> types;
  if (!schema.contains("type")) {
    for (const std::string_view type : kTypes) types.emplace(type);
    return types;
  }
  const Json list = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
  for (const Json& type : list) {
    const bool is_known =
        type.is_string() && std::find(std::begin(kTypes), std::end(kTypes),
                                      type.get_ref<const std::string&>()) != std::end(kTypes);
    if (!is_known) refuse_schema(pointer + "/type", dump_json(type) + " is no type");
    types.insert(type.get<std::string>());
  }
  if (types.empty()) refuse_schema(pointer + "/type", "no type is accepted");
  return types;
}

std::string schema_type_of(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "boolean";
  if (value.is_string()) return "string";
  if (value.is_array()) return "array";
  if (value.is_object()) return "object";
  if (value.is_number_integer()) return "integer";
  const double number = value.get<double>();
  return number ==
                 static_cast<double>(static_cast<std::int64_t>(std::clamp(number, -9e15, 9e15)))
             ? "integer"
             : "number";
}

Json merged_schemas(const Json& a, const Json& b, const std::string& pointer) {
  if (a.empty() || a == b) return b;
  if (b.empty()) return a;
  Json out = Json::object();
  if (a.contains("type") || b.contains("type")) out["type"] = merged_types(a, b, pointer);
  if (a.contains("properties") || b.contains("properties"))
    out["properties"] = merged_properties(a, b);
  for (const auto* side : {&a, &b})
    for (auto item = side->begin(); item != side->end(); ++item) {
      const std::string& key = item.key();
      if (key == "type" || key == "properties" || (side == &b && a.contains(key))) continue;
      out[key] = side == &a && b.contains(key)
                     ? merged_keyword(key, item.value(), b[key], pointer)
                     : item.value();
    }
  const bool has_prefix = a.contains("prefixItems") || b.contains("prefixItems");
  if (has_prefix && a != b && a.contains("items") != b.contains("items"))
    refuse_schema(pointer, "prefixItems and items of different parts are not supported");
  return out;
}

}  // namespace hart::nn
