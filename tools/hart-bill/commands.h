#pragma once

#include "common/cli.h"

namespace hart::cli {

void add_tenant_command(Command& tool);
void add_key_command(Command& tool);
void add_audit_command(Command& tool);
void add_plan_command(Command& tool);
void add_record_command(Command& tool);
void add_price_command(Command& tool);
void add_usage_command(Command& tool);
void add_hotspots_command(Command& tool);
void add_quota_command(Command& tool);
void add_credit_command(Command& tool);
void add_invoice_command(Command& tool);
void add_verify_command(Command& tool);

}  // namespace hart::cli
