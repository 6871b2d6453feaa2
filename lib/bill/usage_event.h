#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.h"
#include "core/json.h"

namespace hart::bill {

/// The value of an attribute, as criteria see it.
struct AttributeValue {
  enum class Kind { boolean, integer, real, text, other };
  Kind kind = Kind::other;  ///< other: an array or an object, which equals nothing
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text{};
};

/// `value` without its own storage; views its text. Nulls are no value: do not ask.
[[nodiscard]] AttributeValue attribute_value(const Json& value) noexcept;

/// A usage record as it is rated and written: views of somebody else's text.
struct UsageEvent {
  struct Attribute {
    std::string_view key;
    AttributeValue value;
  };

  std::string_view source;
  std::string_view event_id;
  std::string_view operation;
  std::string_view unit;
  std::int64_t units_micros = 0;
  TimeUs time = 0;                    ///< 0: when it is recorded
  std::vector<Attribute> attributes;  ///< but for nulls
  std::string attributes_json;        ///< all of them, in one line without spaces

  /// Null when the event has no such attribute.
  [[nodiscard]] const AttributeValue* find(std::string_view key) const noexcept;
};

/// The same event; views `record`, which must outlive it. Throws Error(data) when the
/// attributes are no object, or source, event id, operation or unit are empty or have a NUL.
[[nodiscard]] UsageEvent usage_event(const UsageRecord& record);

/// An instant in RFC 3339, whose fractions may have any length: what is finer than a
/// microsecond is cut off. Throws as `parse_time` does.
[[nodiscard]] TimeUs parse_event_time(std::string_view text);

/// Reads a usage record from one JSON object, either of our own form,
///     {"source", "id", "operation", "units", "unit", "time", "attributes"}
/// or a CloudEvents 1.0 envelope, told apart by the key `specversion`: `type` is the operation,
/// `data` holds `units`, `unit` and, as its other keys, the attributes.
///
/// `id` is a text or a whole number; `units` a decimal text or a number with at most six
/// places; `time` as `parse_event_time` takes it, now when it is missing; `attributes` an
/// object, empty when it is missing. Throws Error(data) on anything else. Source of the
/// envelope: CloudEvents 1.0.2, required attributes and JSON event format.
[[nodiscard]] UsageRecord parse_usage_event(const Json& event);

/// Reads such objects from text, many times faster than through a Json: what is ordinary is
/// read in one pass over the bytes, the rest as `parse_usage_event` does, with its messages.
class UsageEventReader {
 public:
  UsageEventReader();
  ~UsageEventReader();
  UsageEventReader(const UsageEventReader&) = delete;
  UsageEventReader& operator=(const UsageEventReader&) = delete;

  /// The event, valid until the next call. Throws Error(data) as `parse_json` and
  /// `parse_usage_event` do.
  [[nodiscard]] const UsageEvent& read(std::string_view line);
  /// What stood under `id` in the line of the last `read` that succeeded, as JSON text; for the
  /// answer. Valid until the next call.
  [[nodiscard]] std::string_view id_json() const noexcept { return id_json_; }

 private:
  struct Fast;
  std::unique_ptr<Fast> fast_;
  UsageRecord record_;
  UsageEvent event_;
  std::string id_json_;
};

}  // namespace hart::bill
