#include "commands.h"

int main(int argc, char** argv) {
  hart::cli::Tool tool{"hart-search", "Find what a store holds, by words and by meaning"};
  hart::search_tool::add_query(tool.root());
  hart::search_tool::add_index(tool.root());
  hart::search_tool::add_project(tool.root());
  return tool.run(argc, argv);
}
