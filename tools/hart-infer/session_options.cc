#include "session_options.h"

namespace hart::infer_tool {

void add_kv_type(cli::Command& command, std::string& value) {
  command.option("--kv-type", "TYPE", value, "how keys and values of past tokens are kept")
      .choices({"f32", "f16", "q8_0"});
}

nn::KvType parse_kv_type(const std::string& value) {
  if (value == "f32") return nn::KvType::f32;
  return value == "q8_0" ? nn::KvType::q8_0 : nn::KvType::f16;
}

}  // namespace hart::infer_tool
