#pragma once

#include "common/cli.h"

namespace hart::ingest {

void add_init(cli::Command& tool);
void add_add(cli::Command& tool);
void add_ls(cli::Command& tool);
void add_show(cli::Command& tool);
void add_cat(cli::Command& tool);
void add_export(cli::Command& tool);
void add_rm(cli::Command& tool);
void add_diff(cli::Command& tool);
void add_score(cli::Command& tool);
void add_extract(cli::Command& tool);
void add_stat(cli::Command& tool);

}  // namespace hart::ingest
