#pragma once

#include "common/cli.h"

namespace hart::search_tool {

void add_query(cli::Command& tool);
void add_index(cli::Command& tool);
void add_project(cli::Command& tool);

}  // namespace hart::search_tool
