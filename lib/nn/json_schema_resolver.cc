#include "nn/json_schema_resolver.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "nn/json_schema_writer.h"

namespace hart::nn {
namespace {

constexpr std::size_t kMaxAlternatives = 256;

constexpr std::array<std::string_view, 13> kAnnotations{
    "title",    "description", "default", "examples",    "deprecated",  "readOnly", "writeOnly",
    "$comment", "$schema",     "$defs",   "definitions", "$vocabulary", "$id"};
constexpr std::array<std::string_view, 23> kAssertions{"type",
                                                       "enum",
                                                       "const",
                                                       "properties",
                                                       "required",
                                                       "items",
                                                       "minItems",
                                                       "maxItems",
                                                       "minLength",
                                                       "maxLength",
                                                       "pattern",
                                                       "format",
                                                       "minimum",
                                                       "maximum",
                                                       "exclusiveMinimum",
                                                       "$ref",
                                                       "allOf",
                                                       "anyOf",
                                                       "oneOf",
                                                       "exclusiveMaximum",
                                                       "prefixItems",
                                                       "additionalProperties",
                                                       "uniqueItems"};

template <typename List> bool holds(const List& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool holds_value(const Json& list, const Json& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

/// One part of a JSON pointer with ~1 and ~0 undone. Source: RFC 6901.
std::string unescaped(std::string part) {
  for (const auto& [from, to] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}})
    for (std::size_t at = 0; (at = part.find(from, at)) != std::string::npos; ++at)
      part.replace(at, 2, to);
  return part;
}

Json values_of(const Json& schema) {
  return schema.contains("const") ? Json::array({schema["const"]}) : schema["enum"];
}

bool has_values(const Json& schema) {
  return schema.contains("enum") || schema.contains("const");
}

[[noreturn]] void refuse_keyword(const std::string& pointer, const std::string& key,
                                 const char* what) {
  refuse_schema(pointer + "/" + key, what);
}

/// Throws unless the value has the form that the keyword asks for.
void check_form(const std::string& key, const Json& value, const std::string& pointer) {
  const auto is_string = [](const Json& item) { return item.is_string(); };
  if (key == "properties" && !value.is_object()) refuse_keyword(pointer, key, "not an object");
  if ((key == "pattern" || key == "format") && !value.is_string())
    refuse_keyword(pointer, key, "not a string");
  if (key == "required" &&
      (!value.is_array() || !std::all_of(value.begin(), value.end(), is_string)))
    refuse_keyword(pointer, key, "not an array of strings");
  if ((key == "enum" || key == "prefixItems") && (!value.is_array() || value.empty()))
    refuse_keyword(pointer, key, "not an array of some length");
  const bool is_count = key.ends_with("Items") || key.ends_with("Length");
  if (is_count && key.starts_with("m") && !value.is_number_unsigned())
    refuse_keyword(pointer, key, "not a count");
  const bool is_bound = key.ends_with("imum");
  if (is_bound && !value.is_number()) refuse_keyword(pointer, key, "not a number");
}

}  // namespace

bool is_combined(const Json& schema) {
  return schema.contains("$ref") || schema.contains("allOf") || schema.contains("anyOf") ||
         schema.contains("oneOf");
}

Json SchemaResolver::assertions(const Json& schema, const std::string& pointer) {
  if (schema.is_boolean()) {
    if (!schema.get<bool>()) refuse_schema(pointer, "false accepts nothing");
    return Json::object();
  }
  if (!schema.is_object()) refuse_schema(pointer, "neither an object nor true");
  Json out = Json::object();
  for (auto item = schema.begin(); item != schema.end(); ++item) {
    const std::string& key = item.key();
    if (key == "$id" && pointer != "#") refuse_schema(pointer, "$id is not supported below #");
    if (holds(kAnnotations, key)) continue;
    if (!holds(kAssertions, key))
      refuse_schema(pointer, "the keyword '" + key + "' is not supported");
    if (key == "uniqueItems") {
      if (item.value() != Json(false)) refuse_schema(pointer, "uniqueItems is not supported");
      continue;
    }
    check_form(key, item.value(), pointer);
    out[key] = item.value();
  }
  return out;
}

PlacedSchema SchemaResolver::target(const Json& reference, const std::string& pointer) const {
  if (!reference.is_string()) refuse_schema(pointer + "/$ref", "not a string");
  const std::string text = reference.get<std::string>();
  const auto refuse = [&](const char* why) {
    refuse_schema(pointer + "/$ref", "'" + text + "' " + why);
  };
  if (!text.starts_with('#')) refuse("points out of the schema, which is not supported");
  if (text.size() > 1 && text[1] != '/') refuse("is an anchor, which is not supported");
  if (text.find('%') != std::string::npos) refuse("has % escapes, which are not supported");
  const Json* place = &root_;
  for (std::size_t at = 1; at < text.size();) {
    const std::size_t end = std::min(text.find('/', at + 1), text.size());
    const std::string part = unescaped(text.substr(at + 1, end - at - 1));
    const bool is_index = !part.empty() && part.size() < 9 &&
                          part.find_first_not_of("0123456789") == std::string::npos;
    if (place->is_object() && place->contains(part))
      place = &(*place)[part];
    else if (place->is_array() && is_index && std::stoul(part) < place->size())
      place = &(*place)[std::stoul(part)];
    else
      refuse("does not exist");
    at = end;
  }
  return {*place, text};
}

std::vector<PlacedSchema> SchemaResolver::alternatives(const PlacedSchema& placed) {
  const Json schema = assertions(placed.schema, placed.pointer);
  Json base = Json::object();
  for (auto item = schema.begin(); item != schema.end(); ++item)
    if (!item.key().starts_with('$') && !item.key().ends_with("Of"))
      base[item.key()] = item.value();
  Alternatives out{{base, placed.pointer}};
  if (schema.contains("$ref")) {
    const PlacedSchema to = target(schema["$ref"], placed.pointer);
    if (!open_.insert(to.pointer).second)
      refuse_schema(placed.pointer, "'" + to.pointer + "' refers to itself");
    out = both(out, alternatives(to));
    open_.erase(to.pointer);
  }
  if (schema.contains("allOf")) {
    const Json& list = schema["allOf"];
    if (!list.is_array()) refuse_schema(placed.pointer + "/allOf", "not an array");
    for (std::size_t i = 0; i < list.size(); ++i)
      out = both(out, alternatives({list[i], placed.pointer + "/allOf/" + std::to_string(i)}));
  }
  if (schema.contains("anyOf"))
    out = both(out, any_of(schema["anyOf"], placed.pointer + "/anyOf", false));
  if (schema.contains("oneOf"))
    out = both(out, any_of(schema["oneOf"], placed.pointer + "/oneOf", true));
  return out;
}

SchemaResolver::Alternatives SchemaResolver::any_of(const Json& list,
                                                    const std::string& pointer,
                                                    bool exactly_one) {
  if (!list.is_array() || list.empty()) refuse_schema(pointer, "not an array of schemas");
  Alternatives all;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Alternatives some = alternatives({list[i], pointer + "/" + std::to_string(i)});
    for (const PlacedSchema& one : some)
      for (const PlacedSchema& other : all)
        if (exactly_one && !are_disjoint(one.schema, other.schema))
          refuse_schema(pointer + "/" + std::to_string(i),
                        "it may overlap with " + other.pointer +
                            ": oneOf is supported where types, constants or required "
                            "constant properties tell the alternatives apart; else use anyOf");
    all.insert(all.end(), some.begin(), some.end());
    if (all.size() > kMaxAlternatives) refuse_schema(pointer, "too many alternatives");
  }
  return all;
}

SchemaResolver::Alternatives SchemaResolver::both(const Alternatives& a,
                                                  const Alternatives& b) {
  if (a.size() * b.size() > kMaxAlternatives)
    refuse_schema(a.front().pointer, "too many alternatives");
  Alternatives out;
  for (const PlacedSchema& one : a)
    for (const PlacedSchema& other : b)
      out.push_back({merged_schemas(one.schema, other.schema, one.pointer),
                     one.schema.empty() ? other.pointer : one.pointer});
  return out;
}

/// True when it is certain that no value is accepted by both.
bool SchemaResolver::are_disjoint(const Json& a, const Json& b) {
  const auto types = schema_types(a, "#"), others = schema_types(b, "#");
  const auto shares = [](const std::set<std::string>& set, const std::string& type) {
    return set.contains(type) || (type == "integer" && set.contains("number")) ||
           (type == "number" && set.contains("integer"));
  };
  if (std::none_of(types.begin(), types.end(),
                   [&](const std::string& type) { return shares(others, type); }))
    return true;
  const auto takes_none = [&](const Json& values, const Json& schema) {
    const auto accepted = schema_types(schema, "#");
    return std::none_of(values.begin(), values.end(), [&](const Json& value) {
      return shares(accepted, schema_type_of(value)) &&
             (!has_values(schema) || holds_value(values_of(schema), value));
    });
  };
  if (has_values(a)) return takes_none(values_of(a), b);
  if (has_values(b)) return takes_none(values_of(b), a);
  return are_told_apart(a, b);
}

/// True when both are objects of which a required property tells which.
bool SchemaResolver::are_told_apart(const Json& a, const Json& b) {
  for (const Json* schema : {&a, &b})
    if (!schema->contains("properties") || !schema->contains("required")) return false;
  for (auto item = a["properties"].begin(); item != a["properties"].end(); ++item) {
    const Json name(item.key());
    if (!b["properties"].contains(item.key()) || !holds_value(a["required"], name) ||
        !holds_value(b["required"], name))
      continue;
    const Json one = assertions(item.value(), "#");
    const Json other = assertions(b["properties"][item.key()], "#");
    if (!is_combined(one) && !is_combined(other) && are_disjoint(one, other)) return true;
  }
  return false;
}

}  // namespace hart::nn
