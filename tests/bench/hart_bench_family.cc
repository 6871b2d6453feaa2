// Writes a family of made-up models as SafeTensors files: DIR/base.safetensors and
// DIR/tune-1.safetensors to DIR/tune-N.safetensors.
//
//   hart-bench-family DIR [--mib N] [--dtype bf16|f16|f32] [--tunes N] [--seed N]

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "model_family.h"

namespace {

struct Options {
  std::string directory;
  std::uint64_t mib = 128;
  std::string dtype = "bf16";
  unsigned tunes = 9;
  std::uint64_t seed = 1;
};

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--mib" && has_value)
      options.mib = std::strtoull(argv[++i], nullptr, 10);
    else if (argument == "--dtype" && has_value)
      options.dtype = argv[++i];
    else if (argument == "--tunes" && has_value)
      options.tunes = unsigned(std::strtoul(argv[++i], nullptr, 10));
    else if (argument == "--seed" && has_value)
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    else if (!argument.starts_with("-") && options.directory.empty())
      options.directory = argument;
    else
      return false;
  }
  return !options.directory.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const auto usage = [] {
    std::fprintf(stderr,
                 "usage: hart-bench-family DIR [--mib N] [--dtype bf16|f16|f32]"
                 " [--tunes N] [--seed N]\n");
    return 2;
  };
  if (!parse(argc, argv, options)) return usage();
  const auto dtype = hart::tensor::find_dtype(options.dtype);
  if (!dtype || (*dtype != hart::tensor::DType::bf16 && *dtype != hart::tensor::DType::f16 &&
                 *dtype != hart::tensor::DType::f32))
    return usage();
  try {
    const hart::bench::ModelFamily family{*dtype, options.mib << 20, options.seed};
    std::filesystem::create_directories(options.directory);
    family.write(options.directory + "/base.safetensors", 0);
    for (unsigned tune = 1; tune <= options.tunes; ++tune)
      family.write(options.directory + "/tune-" + std::to_string(tune) + ".safetensors", tune);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hart-bench-family: %s\n", error.what());
    return 1;
  }
  return 0;
}
