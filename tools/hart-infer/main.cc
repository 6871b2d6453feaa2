#include "commands.h"

int main(int argc, char** argv) {
  hart::cli::Tool tool{"hart-infer", "Generate and embed with models from a store or a file"};
  hart::infer_tool::add_generate(tool.root());
  hart::infer_tool::add_chat(tool.root());
  hart::infer_tool::add_embed(tool.root());
  hart::infer_tool::add_tokenize(tool.root());
  hart::infer_tool::add_detokenize(tool.root());
  hart::infer_tool::add_perplexity(tool.root());
  hart::infer_tool::add_logits(tool.root());
  hart::infer_tool::add_models(tool.root());
  hart::infer_tool::add_cache(tool.root());
  hart::infer_tool::add_bench(tool.root());
  return tool.run(argc, argv);
}
