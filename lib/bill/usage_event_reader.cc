#include <simdjson.h>

#include <optional>

#include "bill/usage_event.h"
#include "core/decimal.h"
#include "core/error.h"

namespace hart::bill {
namespace {

namespace json = simdjson::ondemand;

/// What is out of the ordinary: the line is read again, slowly, for its value or its message.
struct NotOrdinary {};

template <typename T> T take(simdjson::simdjson_result<T> result) {
  T value;
  if (std::move(result).get(value) != simdjson::SUCCESS) throw NotOrdinary{};
  return value;
}

std::string_view token_of(json::value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && (token.back() == ' ' || token.back() == '\t' ||
                            token.back() == '\r' || token.back() == '\n'))
    token.remove_suffix(1);
  return token;
}

}  // namespace

/// One pass over the text. Strings that were unescaped live in the parser until the next read.
struct UsageEventReader::Fast {
  json::parser parser;
  std::string padded;
  UsageEvent& event;
  std::string& id_json;
  std::string_view operation_key;
  enum Key : unsigned {
    source = 1,
    id = 2,
    operation = 4,
    unit = 8,
    units = 16,
    time = 32,
    attributes = 64,
    version = 128,
    data = 256,
    type = 512,
    outside = 1024  ///< units or unit beside, not within, the data of an envelope
  };
  unsigned seen = 0;

  Fast(UsageEvent& into, std::string& id_text) : event{into}, id_json{id_text} {}

  void read(std::string_view line);
  void read_field(std::string_view key, json::value value);
  void read_units(json::value& value);
  void read_id(json::value& value);
  void read_object(json::value& value, bool with_units);
  void add_attribute(std::string_view key, std::string_view raw_key, json::value& value);
  static AttributeValue number(json::value& value);

  void mark(Key key) {
    if ((seen & key) != 0) throw NotOrdinary{};
    seen |= key;
  }
  static std::string_view text(json::value& value) {
    const std::string_view result = take(value.get_string());
    if (result.empty() || result.find('\0') != result.npos) throw NotOrdinary{};
    return result;
  }
};

void UsageEventReader::Fast::read_units(json::value& value) {
  mark(units);
  const json::json_type kind = take(value.type());
  std::string_view digits;
  if (kind == json::json_type::string) {
    digits = take(value.get_string());
  } else if (kind == json::json_type::number) {
    digits = token_of(value);
    static_cast<void>(number(value));
  } else {
    throw NotOrdinary{};
  }
  // An exponent, or more places than six: valid as a number perhaps, but not ordinary.
  try {
    event.units_micros = parse_decimal(digits, kMicroPlaces, "usage: units");
  } catch (const Error&) {
    throw NotOrdinary{};
  }
}

void UsageEventReader::Fast::read_id(json::value& value) {
  mark(id);
  const json::json_type kind = take(value.type());
  id_json = token_of(value);
  if (kind == json::json_type::string) {
    event.event_id = text(value);
  } else if (kind == json::json_type::number && id_json.find_first_of(".eE") == id_json.npos) {
    static_cast<void>(take(value.get_int64()));
    event.event_id = id_json;
  } else {
    throw NotOrdinary{};
  }
}

AttributeValue UsageEventReader::Fast::number(json::value& value) {
  AttributeValue result;
  const json::number parsed = take(value.get_number());
  switch (parsed.get_number_type()) {
    case json::number_type::signed_integer:
      result.kind = AttributeValue::Kind::integer;
      result.integer = parsed.get_int64();
      break;
    case json::number_type::unsigned_integer:
      result.kind = AttributeValue::Kind::real;
      result.real = static_cast<double>(parsed.get_uint64());
      break;
    case json::number_type::floating_point_number:
      result.kind = AttributeValue::Kind::real;
      result.real = parsed.get_double();
      break;
  }
  return result;
}

void UsageEventReader::Fast::add_attribute(std::string_view key, std::string_view raw_key,
                                           json::value& value) {
  for (const UsageEvent::Attribute& known : event.attributes)
    if (known.key == key) throw NotOrdinary{};
  std::string& text_of_all = event.attributes_json;
  text_of_all += text_of_all.size() > 1 ? ",\"" : "\"";
  text_of_all += raw_key;
  text_of_all += "\":";
  text_of_all += token_of(value);
  AttributeValue result;
  switch (take(value.type())) {
    case json::json_type::string:
      result.kind = AttributeValue::Kind::text;
      result.text = take(value.get_string());
      break;
    case json::json_type::number:
      result = number(value);
      break;
    case json::json_type::boolean:
      result.kind = AttributeValue::Kind::boolean;
      result.boolean = take(value.get_bool());
      break;
    default:  // nulls, which could come twice unnoticed, and what nests
      throw NotOrdinary{};
  }
  event.attributes.push_back({key, result});
}

void UsageEventReader::Fast::read_object(json::value& value, bool with_units) {
  json::object object = take(value.get_object());
  for (auto result : object) {
    json::field field = take(std::move(result));
    const json::raw_json_string raw = field.key();
    const char* begin = raw.raw();
    // The key's text ends at a quotation mark that no backslash precedes.
    const char* end = begin;
    while (*end != '"') end += *end == '\\' ? 2 : 1;
    const std::string_view raw_key{begin, static_cast<std::size_t>(end - begin)};
    const std::string_view key = take(field.unescaped_key());
    json::value inner = field.value();
    if (with_units && key == "units") {
      read_units(inner);
    } else if (with_units && key == "unit") {
      mark(unit);
      event.unit = text(inner);
    } else {
      add_attribute(key, raw_key, inner);
    }
  }
}

void UsageEventReader::Fast::read_field(std::string_view key, json::value value) {
  const auto keep = [&](Key mark_of, std::string_view& into) {
    mark(mark_of);
    into = text(value);
  };
  if (key == "source") return keep(source, event.source);
  if (key == "id") return read_id(value);
  if (key == "operation") return keep(operation, event.operation);
  if (key == "unit" || key == "units") {
    seen |= outside;
    return key == "unit" ? keep(unit, event.unit) : read_units(value);
  }
  if (key == "time") {
    mark(time);
    try {
      event.time = parse_event_time(text(value));
    } catch (const Error&) {
      throw NotOrdinary{};
    }
    return;
  }
  if (key == "attributes") {
    mark(attributes);
    return read_object(value, false);
  }
  if (key == "data") {
    mark(data);
    return read_object(value, true);
  }
  if (key == "specversion") {
    mark(version);
    if (text(value) != "1.0") throw NotOrdinary{};
    return;
  }
  if (key == "type") return keep(type, operation_key);
  // Unknown keys are ignored, but a reader does not look into what it skips.
  const json::json_type kind = take(value.type());
  if (kind == json::json_type::string) {
    static_cast<void>(take(value.get_string()));
  } else if (kind == json::json_type::number) {
    static_cast<void>(number(value));
  } else {
    throw NotOrdinary{};
  }
}

void UsageEventReader::Fast::read(std::string_view line) {
  seen = 0;
  event.time = 0;
  event.attributes.clear();
  event.attributes_json = "{";
  padded.assign(line);
  padded.reserve(line.size() + simdjson::SIMDJSON_PADDING);
  json::document document = take(
      parser.iterate(padded.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING));
  for (auto result : take(document.get_object())) {
    json::field field = take(std::move(result));
    const std::string_view key = take(field.unescaped_key());
    read_field(key, field.value());
  }
  // A place that can be told is one where more text stands.
  const char* more = nullptr;
  if (document.current_location().get(more) == simdjson::SUCCESS) throw NotOrdinary{};
  constexpr unsigned kOwn = source | id | operation | unit | units;
  constexpr unsigned kCloud = source | id | type | unit | units | version | data;
  if ((seen & version) != 0) {
    // Keys of both forms at once would mean different things to the two of them.
    if ((seen & ~unsigned{time}) != kCloud) throw NotOrdinary{};
    event.operation = operation_key;
  } else if ((seen & kOwn) != kOwn || (seen & (data | type)) != 0) {
    throw NotOrdinary{};
  }
  event.attributes_json += '}';
}

UsageEventReader::UsageEventReader() : fast_{std::make_unique<Fast>(event_, id_json_)} {}
UsageEventReader::~UsageEventReader() = default;

const UsageEvent& UsageEventReader::read(std::string_view line) {
  try {
    fast_->read(line);
    return event_;
  } catch (const NotOrdinary&) {
    // Falls through to the reader of everything.
  }
  const Json value = parse_json(line, "malformed line");
  if (!value.is_object()) throw Error{Fault::data, "the line is not a JSON object"};
  record_ = parse_usage_event(value);
  event_ = usage_event(record_);
  id_json_ = dump_json(value.at("id"));
  return event_;
}

}  // namespace hart::bill
