#pragma once

#include <vector>

#include "core/events.h"
#include "core/json.h"

namespace hart::cli {

/// `{"name","version","kernels","device"}`.
[[nodiscard]] Json engine_json(const Engine& engine);

/// An array of `{"operation","unit","units"}`; units are exact decimals, as strings.
[[nodiscard]] Json usage_json(const std::vector<UsageSegment>& usage);

}  // namespace hart::cli
