#pragma once

#include <string>

#include "common/cli.h"
#include "nn/kv_cache.h"

namespace hart::infer_tool {

/// Declares --kv-type, whose default is what `value` holds.
void add_kv_type(cli::Command& command, std::string& value);
/// Precondition: one of the values that the option accepts.
[[nodiscard]] nn::KvType parse_kv_type(const std::string& value);

}  // namespace hart::infer_tool
