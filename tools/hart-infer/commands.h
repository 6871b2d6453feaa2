#pragma once

#include "common/cli.h"

namespace hart::infer_tool {

void add_generate(cli::Command& tool);
void add_chat(cli::Command& tool);
void add_embed(cli::Command& tool);
void add_tokenize(cli::Command& tool);
void add_detokenize(cli::Command& tool);
void add_perplexity(cli::Command& tool);
void add_logits(cli::Command& tool);
void add_models(cli::Command& tool);
void add_cache(cli::Command& tool);
void add_bench(cli::Command& tool);

}  // namespace hart::infer_tool
