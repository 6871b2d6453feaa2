#pragma once

#include "common/cli.h"

namespace hart::cli {

void add_run_command(Command& tool);
void add_status_command(Command& tool);
void add_history_command(Command& tool);
void add_rollback_command(Command& tool);
void add_stop_commands(Command& tool);

}  // namespace hart::cli
