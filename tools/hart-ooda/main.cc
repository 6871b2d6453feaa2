#include "commands.h"

int main(int argc, char** argv) {
  hart::cli::Tool tool{"hart-ooda", "Improve a store from how it is used, and undo it"};
  hart::cli::Command& root = tool.root();
  hart::cli::add_run_command(root);
  hart::cli::add_status_command(root);
  hart::cli::add_history_command(root);
  hart::cli::add_rollback_command(root);
  hart::cli::add_stop_commands(root);
  return tool.run(argc, argv);
}
