#pragma once

#include "common/cli.h"

namespace hart::cli {

void add_tenant_command(Command& tool);
void add_plan_command(Command& tool);
void add_record_command(Command& tool);
void add_usage_command(Command& tool);
void add_invoice_command(Command& tool);
void add_verify_command(Command& tool);

}  // namespace hart::cli
