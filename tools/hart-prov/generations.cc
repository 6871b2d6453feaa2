#include "commands.h"
#include "common/line_stream.h"

namespace hart::cli {

int for_each_generation(const std::string& reference, Context& context,
                        const std::function<bool(const std::string&)>& work) {
  if (reference != "-") return work(reference) ? 0 : 1;
  bool all = true;
  const int status = for_each_line(context, [&](const InputLine& line) {
    if (!work(required_string(line.value, "inference"))) all = false;
  });
  return status != 0 ? status : all ? 0 : 1;
}

}  // namespace hart::cli
