#include "commands.h"

int main(int argc, char** argv) {
  hart::cli::Tool tool{"hart-prov", "Show why an answer is what it is, and prove it"};
  hart::cli::Command& root = tool.root();
  hart::cli::add_show_command(root);
  hart::cli::add_why_command(root);
  hart::cli::add_verify_command(root);
  hart::cli::add_log_command(root);
  hart::cli::add_trace_command(root);
  hart::cli::add_query_command(root);
  hart::cli::add_export_command(root);
  hart::cli::add_sync_command(root);
  hart::cli::add_stats_command(root);
  hart::cli::add_retention_command(root);
  return tool.run(argc, argv);
}
