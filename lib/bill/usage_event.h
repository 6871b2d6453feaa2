#pragma once

#include "core/events.h"
#include "core/json.h"

namespace hart::bill {

/// Reads a usage record from one JSON object, either of our own form,
///     {"source", "id", "operation", "units", "unit", "time", "attributes"}
/// or a CloudEvents 1.0 envelope, told apart by the key `specversion`: `type` is the operation,
/// `data` holds `units`, `unit` and, as its other keys, the attributes.
///
/// `id` is a text or a whole number; `units` a decimal text or a number with at most six
/// places; `time` RFC 3339, now when it is missing; `attributes` an object, empty when it is
/// missing. Throws Error(data) on anything else. Source of the envelope: CloudEvents 1.0.2,
/// required attributes and JSON event format.
[[nodiscard]] UsageRecord parse_usage_event(const Json& event);

}  // namespace hart::bill
