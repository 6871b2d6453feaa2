#include "commands.h"

int main(int argc, char** argv) {
  hart::cli::Tool tool{"hart-search", "Find what a store holds, by words and by meaning"};
  hart::search_tool::add_query(tool.root());
  hart::search_tool::add_index(tool.root());
  hart::search_tool::add_project(tool.root());
  hart::search_tool::add_neighbors(tool.root());
  hart::search_tool::add_walk(tool.root());
  hart::search_tool::add_path(tool.root());
  hart::search_tool::add_map(tool.root());
  hart::search_tool::add_density(tool.root());
  hart::search_tool::add_cluster(tool.root());
  hart::search_tool::add_anomalies(tool.root());
  return tool.run(argc, argv);
}
