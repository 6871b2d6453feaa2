#include "receipt_json.h"

#include "core/decimal.h"

namespace hart::cli {

Json engine_json(const Engine& engine) {
  return {{"name", engine.name},
          {"version", engine.version},
          {"kernels", engine.kernels},
          {"device", engine.device}};
}

Json usage_json(const std::vector<UsageSegment>& usage) {
  Json segments = Json::array();
  for (const UsageSegment& used : usage)
    segments.push_back({{"operation", used.operation},
                        {"unit", used.unit},
                        {"units", format_decimal_short(used.units_micros, kMicroPlaces)}});
  return segments;
}

}  // namespace hart::cli
