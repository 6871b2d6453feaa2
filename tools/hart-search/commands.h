#pragma once

#include "common/cli.h"

namespace hart::search_tool {

void add_query(cli::Command& tool);
void add_index(cli::Command& tool);
void add_project(cli::Command& tool);
void add_neighbors(cli::Command& tool);
void add_walk(cli::Command& tool);
void add_path(cli::Command& tool);
void add_map(cli::Command& tool);
void add_density(cli::Command& tool);
void add_cluster(cli::Command& tool);
void add_anomalies(cli::Command& tool);

}  // namespace hart::search_tool
