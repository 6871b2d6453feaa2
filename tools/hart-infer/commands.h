#pragma once

#include "common/cli.h"

namespace hart::infer_tool {

void add_generate(cli::Command& tool);
void add_embed(cli::Command& tool);
void add_tokenize(cli::Command& tool);
void add_detokenize(cli::Command& tool);
void add_models(cli::Command& tool);

}  // namespace hart::infer_tool
