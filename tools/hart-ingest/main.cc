#include "commands.h"

int main(int argc, char** argv) {
  hart::cli::Tool tool{"hart-ingest", "Put models and texts into a store, and get them back"};
  hart::ingest::add_init(tool.root());
  hart::ingest::add_add(tool.root());
  hart::ingest::add_ls(tool.root());
  hart::ingest::add_show(tool.root());
  hart::ingest::add_tree(tool.root());
  hart::ingest::add_cat(tool.root());
  hart::ingest::add_export(tool.root());
  hart::ingest::add_rm(tool.root());
  hart::ingest::add_relate(tool.root());
  hart::ingest::add_diff(tool.root());
  hart::ingest::add_score(tool.root());
  hart::ingest::add_extract(tool.root());
  hart::ingest::add_history(tool.root());
  hart::ingest::add_snapshot(tool.root());
  hart::ingest::add_rollback(tool.root());
  hart::ingest::add_retention(tool.root());
  hart::ingest::add_stat(tool.root());
  hart::ingest::add_gc(tool.root());
  hart::ingest::add_fsck(tool.root());
  hart::ingest::add_backup(tool.root());
  hart::ingest::add_erase(tool.root());
  hart::ingest::add_access(tool.root());
  hart::ingest::add_migrate(tool.root());
  return tool.run(argc, argv);
}
