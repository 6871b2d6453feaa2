// How fast a tokenizer encodes and decodes, on one thread. One JSON object a line.
//
//   bench_tokenizer [--smoke] [--chunk BYTES] TOKENIZER TEXT   TOKENIZER: .gguf or
//   tokenizer.json bench_tokenizer --ids TOKENIZER < LINES > LINES            {"text"} to
//   {"tokens","decoded"}
//
// tokenizer_peers.py runs both beside PyPI's tokenizers, times and compares.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "core/mapped_file.h"
#include "formats/gguf.h"
#include "nn/tokenizer.h"
#include "nn/tokenizer_json.h"

namespace {

using namespace hart;

std::unique_ptr<nn::Tokenizer> load(const std::string& path) {
  const MappedFile file{path};
  if (path.ends_with(".gguf"))
    return nn::make_tokenizer(formats::parse_gguf(file.bytes(), file.bytes().size()));
  return nn::make_tokenizer_from_json(file.bytes(), {});
}

/// A vocabulary of bytes, "th" and "the", so that a smoke test needs no file.
std::string small_tokenizer() {
  return R"({"model": {"type": "BPE", "vocab": {"t": 0, "h": 1, "e": 2, "th": 3, "the": 4},
             "merges": ["t h", "th e"]}, "pre_tokenizer": {"type": "ByteLevel"}})";
}

/// Of the processor: other programs do not count.
double seconds_now() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

int print_ids(const nn::Tokenizer& tokenizer, bool special) {
  for (std::string line; std::getline(std::cin, line);) {
    const Json json = parse_json(line, "input");
    const auto tokens = tokenizer.encode(json.at("text").get<std::string>(),
                                         {.add_special = special, .parse_special = special});
    std::puts(dump_json({{"tokens", tokens}, {"decoded", tokenizer.decode(tokens)}}).c_str());
  }
  return 0;
}

void measure(const nn::Tokenizer& tokenizer, std::string_view text, std::size_t chunk) {
  double encode_s = 1e9, decode_s = 1e9;
  std::size_t count = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    std::vector<nn::TokenId> tokens;
    double start = seconds_now();
    for (std::size_t at = 0; at < text.size(); at += chunk) {
      const auto part = tokenizer.encode(text.substr(at, chunk));
      tokens.insert(tokens.end(), part.begin(), part.end());
    }
    encode_s = std::min(encode_s, seconds_now() - start);
    start = seconds_now();
    const std::string decoded = tokenizer.decode(tokens);
    decode_s = std::min(decode_s, seconds_now() - start);
    count = tokens.size();
  }
  const auto bytes = static_cast<double>(text.size());
  const Json line{{"type", "tokenizer"},
                  {"bytes", text.size()},
                  {"tokens", count},
                  {"encode_mb_per_s", bytes / 1e6 / encode_s},
                  {"encode_tokens_per_s", static_cast<double>(count) / encode_s},
                  {"decode_mb_per_s", bytes / 1e6 / decode_s}};
  std::puts(dump_json(line).c_str());
}

int run(const std::vector<std::string>& arguments) {
  if (arguments == std::vector<std::string>{"--smoke"}) {
    std::string text;
    while (text.size() < 100000) text += "the other theme ";
    measure(*nn::make_tokenizer_from_json(as_bytes(small_tokenizer()), {}), text, 1000);
    return 0;
  }
  if (arguments.size() == 2 && arguments[0] == "--ids")
    return print_ids(*load(arguments[1]), true);
  if (arguments.size() == 2 && arguments[0] == "--plain-ids")
    return print_ids(*load(arguments[1]), false);
  const bool has_chunk = arguments.size() == 4 && arguments[0] == "--chunk";
  if (!has_chunk && arguments.size() != 2) {
    std::fputs("usage: bench_tokenizer [--chunk BYTES] TOKENIZER TEXT\n", stderr);
    return 2;
  }
  const std::size_t chunk = has_chunk ? std::stoul(arguments[1]) : std::size_t{1} << 20;
  const double start = seconds_now();
  const auto tokenizer = load(arguments[arguments.size() - 2]);
  const Json line{{"type", "load"}, {"seconds", seconds_now() - start}};
  std::puts(dump_json(line).c_str());
  const MappedFile text{arguments.back()};
  measure(*tokenizer, as_text(text.bytes()), chunk);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const hart::Error& error) {
    std::fprintf(stderr, "bench_tokenizer: %s\n", error.what());
    return static_cast<int>(error.fault());
  }
}
