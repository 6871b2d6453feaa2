#include "formats/convert_metadata.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <deque>
#include <optional>

#include "core/endian.h"
#include "core/json.h"
#include "formats/gguf_values.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

/// By the ids of GgufType.
constexpr std::array<std::string_view, 13> kTypeNames{"u8",  "i8",  "u16",  "i16",    "u32",
                                                      "i32", "f32", "bool", "string", "array",
                                                      "u64", "i64", "f64"};

/// How every value begins that is not a plain string.
constexpr std::string_view kEnvelope = "{\"type\":\"";

Json name_of(GgufType type) {
  return Json(kTypeNames.at(static_cast<std::size_t>(type)));
}

Json text_json(std::string_view text) {
  if (is_utf8(text)) return Json(text);
  return Json{{"base64", to_base64(as_bytes(text))}};
}

Json integer_json(GgufType type, std::int64_t value) {
  if (type == GgufType::boolean) return Json(value != 0);
  if (type == GgufType::u64) return Json(static_cast<std::uint64_t>(value));
  return Json(value);
}

Json float_json(GgufType type, double value) {
  if (std::isfinite(value)) return Json(value);
  const bool is_f32 = type == GgufType::f32;
  const std::uint64_t bits = is_f32 ? f32_bits(value) : std::bit_cast<std::uint64_t>(value);
  ByteBuffer digits;
  if (is_f32)
    append_ordered(digits, static_cast<std::uint32_t>(bits), ByteOrder::big);
  else
    append_ordered(digits, bits, ByteOrder::big);
  return Json(to_hex(digits));
}

Json elements_json(const GgufArray& array) {
  Json values = Json::array();
  for (const std::int64_t value : array.integers)
    values.push_back(integer_json(array.element, value));
  for (const double value : array.floats) values.push_back(float_json(array.element, value));
  for (const std::string_view text : array.strings) values.push_back(text_json(text));
  for (const GgufArray& inner : array.arrays)
    values.push_back(Json{{"of", name_of(inner.element)}, {"value", elements_json(inner)}});
  return values;
}

std::string encode(const GgufEntry& entry) {
  const auto* text = std::get_if<std::string_view>(&entry.value);
  if (text != nullptr && !text->starts_with(kEnvelope) && is_utf8(*text))
    return std::string{*text};
  Json json{{"type", name_of(entry.type)}};
  if (const auto* array = std::get_if<GgufArray>(&entry.value)) {
    json["of"] = name_of(array->element);
    json["value"] = elements_json(*array);
  } else if (text != nullptr) {
    json["value"] = text_json(*text);
  } else if (const auto* real = std::get_if<double>(&entry.value)) {
    json["value"] = float_json(entry.type, *real);
  } else if (const auto* flag = std::get_if<bool>(&entry.value)) {
    json["value"] = *flag;
  } else {
    json["value"] = integer_json(entry.type, std::get<std::int64_t>(entry.value));
  }
  return dump_json(json);
}

std::optional<GgufType> type_of(const Json& name) {
  if (!name.is_string()) return std::nullopt;
  const auto* found =
      std::find(kTypeNames.begin(), kTypeNames.end(), name.get_ref<const std::string&>());
  if (found == kTypeNames.end()) return std::nullopt;
  return static_cast<GgufType>(found - kTypeNames.begin());
}

[[noreturn]] void fail(const std::string& wanted, const Json& found) {
  throw Error{Fault::data, "expected " + wanted + ", found " + dump_json(found).substr(0, 40)};
}

double read_real(GgufType type, const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (!json.is_string()) fail("a number", json);
  const ByteBuffer bits = from_hex(json.get_ref<const std::string&>());
  if (bits.size() != (type == GgufType::f32 ? 4 : 8)) fail("the bits of a number", json);
  if (type == GgufType::f32)
    return widen_f32(load_ordered<std::uint32_t>(bits.data(), ByteOrder::big));
  return std::bit_cast<double>(load_ordered<std::uint64_t>(bits.data(), ByteOrder::big));
}

bool read_bool(const Json& json) {
  if (!json.is_boolean()) fail("true or false", json);
  return json.get<bool>();
}

std::int64_t read_integer(GgufType type, const Json& json) {
  if (type == GgufType::boolean) return read_bool(json) ? 1 : 0;
  if (type == GgufType::u64 && json.is_number_unsigned())
    return static_cast<std::int64_t>(json.get<std::uint64_t>());
  if (!json.is_number_integer() || type == GgufType::u64 ||
      (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX))
    fail("an integer of type " + name_of(type).get<std::string>(), json);
  return json.get<std::int64_t>();
}

/// Turns the JSON of an entry into a value. Strings of the value view into the JSON and into
/// this object.
class Decoder {
 public:
  GgufValue value(GgufType type, const Json& object) {
    const Json& json = object.at("value");
    switch (type) {
      case GgufType::array:
        return array(object, 1);
      case GgufType::string:
        return text(json);
      case GgufType::boolean:
        return read_bool(json);
      case GgufType::f32:
      case GgufType::f64:
        return read_real(type, json);
      default:
        return read_integer(type, json);
    }
  }

 private:
  GgufArray array(const Json& object, int depth) {
    const auto of = object.is_object() ? object.find("of") : object.end();
    const auto values = object.is_object() ? object.find("value") : object.end();
    if (of == object.end() || values == object.end() || !values->is_array() ||
        depth > kMaxGgufArrayDepth)
      fail("an array of a type, not too deep", object);
    const std::optional<GgufType> element = type_of(*of);
    if (!element) fail("the name of a type", *of);
    GgufArray out;
    out.element = *element;
    for (const Json& value : *values) add_element(out, value, depth);
    return out;
  }

  void add_element(GgufArray& out, const Json& json, int depth) {
    if (out.element == GgufType::array)
      out.arrays.push_back(array(json, depth + 1));
    else if (out.element == GgufType::string)
      out.strings.push_back(text(json));
    else if (is_float(out.element))
      out.floats.push_back(read_real(out.element, json));
    else
      out.integers.push_back(read_integer(out.element, json));
  }

  std::string_view text(const Json& json) {
    if (json.is_string()) return json.get_ref<const std::string&>();
    const auto base64 = json.is_object() ? json.find("base64") : json.end();
    if (base64 == json.end() || !base64->is_string()) fail("a string", json);
    const ByteBuffer bytes = from_base64(base64->get_ref<const std::string&>());
    return decoded_.emplace_back(as_text(bytes));
  }

  std::deque<std::string> decoded_;  ///< addresses stay as it grows
};

/// The object of the documented form that `text` is, or nothing.
std::optional<Json> envelope(const std::string& text) {
  if (!text.starts_with(kEnvelope)) return std::nullopt;
  try {
    Json json = parse_json(text, "metadata");
    const bool is_one = json.is_object() && type_of(json["type"]) && json.contains("value");
    return is_one ? std::optional{std::move(json)} : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;  // Text of someone else's that only begins alike.
  }
}

}  // namespace

SafetensorsMetadata safetensors_metadata(const GgufHeader& header) {
  SafetensorsMetadata metadata;
  metadata.reserve(header.metadata.size());
  for (const GgufEntry& entry : header.metadata)
    metadata.emplace_back(entry.key, encode(entry));
  return metadata;
}

void add_gguf_metadata(GgufWriter& writer, const SafetensorsMetadata& metadata) {
  for (const auto& [key, text] : metadata) {
    const std::optional<Json> json = envelope(text);
    if (!json) {
      writer.add_string(key, text);
      continue;
    }
    const GgufType type = *type_of(json->at("type"));
    Decoder decoder;
    try {
      writer.add(key, type, decoder.value(type, *json));
    } catch (const Error& error) {
      throw Error{Fault::data, "metadata '" + key + "': " + error.what()};
    }
  }
}

void add_gguf_metadata(GgufWriter& writer, const SafetensorsMetadata& metadata,
                       std::string_view model_type) {
  constexpr std::string_view kArchitecture = "general.architecture";
  const bool has_one = std::any_of(metadata.begin(), metadata.end(), [&](const auto& entry) {
    return entry.first == kArchitecture;
  });
  if (!has_one) writer.add_string(kArchitecture, model_type.empty() ? "unknown" : model_type);
  add_gguf_metadata(writer, metadata);
}

}  // namespace hart::formats
