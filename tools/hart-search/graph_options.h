#pragma once

#include <string>
#include <vector>

#include "common/cli.h"
#include "search/graph.h"

namespace hart::search_tool {

/// Which edges a command goes along.
struct EdgeOptions {
  std::vector<std::string> types;
  std::string direction = "out";
  double min_weight = 0;
};

void declare_edge_options(cli::Command& command, EdgeOptions& options);

/// Of "out", "in", "both".
[[nodiscard]] search::Direction direction_of(const EdgeOptions& options);

}  // namespace hart::search_tool
