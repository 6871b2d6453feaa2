#pragma once

#include <functional>
#include <string>

#include "common/cli.h"

namespace hart::cli {

void add_show_command(Command& tool);
void add_why_command(Command& tool);
void add_verify_command(Command& tool);
void add_log_command(Command& tool);
void add_query_command(Command& tool);
void add_export_command(Command& tool);
void add_sync_command(Command& tool);
void add_stats_command(Command& tool);
void add_trace_command(Command& tool);
void add_retention_command(Command& tool);
/// Those subcommands of `log` that sign, and what is handed on signed.
void add_log_signing_commands(Command& log);

/// Runs `work` for one generation, or, when `reference` is "-", for the generation that each
/// line of standard input names under `inference`. `work` returns whether the answer is yes.
/// The status is 0, 1 when an answer was no, or the stream's.
int for_each_generation(const std::string& reference, Context& context,
                        const std::function<bool(const std::string&)>& work);

}  // namespace hart::cli
