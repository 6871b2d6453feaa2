#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "core/mapped_file.h"
#include "formats/gguf.h"
#include "nn/tokenizer.h"

namespace hart::nn {

inline std::string shared_data(const std::string& name) {
  return std::string{HART_SHARED_DATA} + "/" + name;
}

inline std::string read_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The tokenizer in a GGUF file; the file is unmapped before this returns.
inline std::unique_ptr<Tokenizer> tokenizer_of_file(const std::string& path) {
  const MappedFile file{path};
  return make_tokenizer(formats::parse_gguf(file.bytes(), file.bytes().size()));
}

}  // namespace hart::nn
