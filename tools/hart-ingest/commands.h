#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/cli.h"

namespace hart::ingest {

void add_init(cli::Command& tool);
void add_add(cli::Command& tool);
void add_ls(cli::Command& tool);
void add_show(cli::Command& tool);
void add_cat(cli::Command& tool);
void add_export(cli::Command& tool);
void add_rm(cli::Command& tool);
void add_relate(cli::Command& tool);
void add_diff(cli::Command& tool);
void add_score(cli::Command& tool);
void add_extract(cli::Command& tool);
void add_stat(cli::Command& tool);
void add_gc(cli::Command& tool);
void add_fsck(cli::Command& tool);
void add_backup(cli::Command& tool);
void add_erase(cli::Command& tool);
void add_access(cli::Command& tool);
void add_migrate(cli::Command& tool);

void add_tree(cli::Command& tool);
void add_history(cli::Command& tool);
void add_snapshot(cli::Command& tool);
void add_rollback(cli::Command& tool);
void add_retention(cli::Command& tool);

/// `--as-of` of a command that reads: for Context::open_store_as_of.
void add_as_of(cli::Command& command, std::optional<std::string>& as_of);

/// The choices of `--quantize`: the types of student_dtype.h.
[[nodiscard]] std::vector<std::string> student_dtypes();

}  // namespace hart::ingest
