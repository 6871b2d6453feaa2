#include "graph_options.h"

namespace hart::search_tool {

void declare_edge_options(cli::Command& command, EdgeOptions& options) {
  command.option("--type", "TYPE", options.types, "only edges of this type; may be repeated");
  command.option("--direction", "WAY", options.direction, "which way edges are gone")
      .choices({"out", "in", "both"});
  command.option("--min-weight", "W", options.min_weight, "only edges at least as heavy");
}

search::Direction direction_of(const EdgeOptions& options) {
  if (options.direction == "in") return search::Direction::in;
  return options.direction == "both" ? search::Direction::both : search::Direction::out;
}

}  // namespace hart::search_tool
