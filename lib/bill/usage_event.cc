#include "bill/usage_event.h"

#include <algorithm>

#include "core/decimal.h"
#include "core/error.h"

namespace hart::bill {
namespace {

const Json& take(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null())
    throw Error{Fault::data, std::string{"usage: has no '"} + key + "'"};
  return *found;
}

/// Texts with a NUL are cut short by whatever takes them for C strings.
bool has_nul(std::string_view text) {
  return text.find('\0') != text.npos;
}

std::string take_text(const Json& object, const char* key) {
  const Json& value = take(object, key);
  if (!value.is_string() || value.get_ref<const std::string&>().empty())
    throw Error{Fault::data, std::string{"usage: '"} + key + "' is not a text"};
  if (has_nul(value.get_ref<const std::string&>()))
    throw Error{Fault::data, std::string{"usage: '"} + key + "' has a NUL character"};
  return value.get<std::string>();
}

std::string take_event_id(const Json& object) {
  const Json& value = take(object, "id");
  return value.is_number_integer() ? value.dump() : take_text(object, "id");
}

/// A number is read from its shortest decimal form, so 0.1 is a tenth.
std::int64_t take_units(const Json& object) {
  const Json& value = take(object, "units");
  if (!value.is_string() && !value.is_number())
    throw Error{Fault::data, "usage: 'units' is neither a number nor a decimal text"};
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  // JSON writes the floating-point number 12 as 12.0.
  const bool whole = !value.is_string() && text.ends_with(".0");
  return parse_decimal(whole ? text.substr(0, text.size() - 2) : text, kMicroPlaces,
                       "usage: units");
}

TimeUs take_time(const Json& object) {
  const auto found = object.find("time");
  if (found == object.end() || found->is_null()) return 0;
  return parse_event_time(take_text(object, "time"));
}

UsageRecord parse_cloud_event(const Json& event) {
  if (take_text(event, "specversion") != "1.0")
    throw Error{Fault::data, "usage: CloudEvents version '" + take_text(event, "specversion") +
                                 "' is not 1.0"};
  const Json& data = take(event, "data");
  if (!data.is_object()) throw Error{Fault::data, "usage: 'data' is not an object"};
  UsageRecord record;
  record.source = take_text(event, "source");
  record.event_id = take_event_id(event);
  record.operation = take_text(event, "type");
  record.units_micros = take_units(data);
  record.unit = take_text(data, "unit");
  record.time = take_time(event);
  for (const auto& [key, value] : data.items())
    if (key != "units" && key != "unit") record.attributes[key] = value;
  return record;
}

}  // namespace

TimeUs parse_event_time(std::string_view text) {
  constexpr std::size_t kFraction = std::string_view{"2026-11-05T09:30:00."}.size();
  constexpr std::size_t kKept = kFraction + 6;
  const std::size_t zone = text.find_first_not_of("0123456789", kFraction);
  if (text.size() <= kKept || text[kFraction - 1] != '.' || zone == text.npos || zone <= kKept)
    return parse_time(text);
  return parse_time(std::string{text.substr(0, kKept)}.append(text.substr(zone)));
}

AttributeValue attribute_value(const Json& value) noexcept {
  using Kind = AttributeValue::Kind;
  AttributeValue result;
  if (value.is_boolean()) {
    result.kind = Kind::boolean;
    result.boolean = value.get<bool>();
  } else if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) {
    result.kind = Kind::real;
    result.real = static_cast<double>(value.get<std::uint64_t>());
  } else if (value.is_number_integer()) {
    result.kind = Kind::integer;
    result.integer = value.get<std::int64_t>();
  } else if (value.is_number()) {
    result.kind = Kind::real;
    result.real = value.get<double>();
  } else if (value.is_string()) {
    result.kind = Kind::text;
    result.text = value.get_ref<const std::string&>();
  }
  return result;
}

const AttributeValue* UsageEvent::find(std::string_view key) const noexcept {
  const auto found = std::ranges::find(attributes, key, &Attribute::key);
  return found == attributes.end() ? nullptr : &found->value;
}

UsageEvent usage_event(const UsageRecord& record) {
  const auto require = [&](const std::string& value, const char* name) {
    if (value.empty()) throw Error{Fault::data, std::string{"usage: has no "} + name};
    if (has_nul(value))
      throw Error{Fault::data, std::string{"usage: a NUL character is in the "} + name};
  };
  require(record.source, "source");
  require(record.event_id, "event id");
  require(record.operation, "operation");
  require(record.unit, "unit");
  if (!record.attributes.is_object())
    throw Error{Fault::data, "usage: attributes are no object"};
  UsageEvent event{record.source,
                   record.event_id,
                   record.operation,
                   record.unit,
                   record.units_micros,
                   record.time,
                   {},
                   {}};
  for (auto it = record.attributes.begin(); it != record.attributes.end(); ++it)
    if (!it->is_null()) event.attributes.push_back({it.key(), attribute_value(*it)});
  event.attributes_json = dump_json(record.attributes);
  return event;
}

UsageRecord parse_usage_event(const Json& event) {
  if (!event.is_object()) throw Error{Fault::data, "usage: is not an object"};
  if (event.contains("specversion")) return parse_cloud_event(event);
  UsageRecord record;
  record.source = take_text(event, "source");
  record.event_id = take_event_id(event);
  record.operation = take_text(event, "operation");
  record.units_micros = take_units(event);
  record.unit = take_text(event, "unit");
  record.time = take_time(event);
  if (const auto found = event.find("attributes"); found != event.end() && !found->is_null()) {
    if (!found->is_object()) throw Error{Fault::data, "usage: 'attributes' is not an object"};
    record.attributes = *found;
  }
  return record;
}

}  // namespace hart::bill
