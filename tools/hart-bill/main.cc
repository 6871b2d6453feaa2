#include "commands.h"

int main(int argc, char** argv) {
  hart::cli::Tool tool{"hart-bill", "Meter, rate and invoice what tenants use"};
  hart::cli::Command& root = tool.root();
  hart::cli::add_tenant_command(root);
  hart::cli::add_key_command(root);
  hart::cli::add_audit_command(root);
  hart::cli::add_plan_command(root);
  hart::cli::add_record_command(root);
  hart::cli::add_price_command(root);
  hart::cli::add_usage_command(root);
  hart::cli::add_hotspots_command(root);
  hart::cli::add_quota_command(root);
  hart::cli::add_credit_command(root);
  hart::cli::add_invoice_command(root);
  hart::cli::add_verify_command(root);
  return tool.run(argc, argv);
}
