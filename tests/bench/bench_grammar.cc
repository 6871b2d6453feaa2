// What the mask of allowed tokens costs a step, while a JSON text is generated under the
// grammar of any JSON and under a schema. JSON lines; CPU time in microseconds a step. The
// vocabulary is that of a GGUF file (--vocab FILE), else made up: with --tokens N, pieces as a
// byte-level BPE has them.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/mapped_file.h"
#include "formats/gguf.h"
#include "formats/utf8.h"
#include "nn/grammar_constraint.h"
#include "nn/json_schema.h"
#include "nn/tokenizer.h"

namespace {

using namespace hart;

/// Of this thread: what else the machine does changes it little.
double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// A step that takes less has found its mask in the cache.
constexpr double kLookUpMicros = 5;

/// All bytes, then words of letters with and without a space before them, numbers, words of
/// other scripts, and runs of JSON's signs: some of each.
std::vector<std::string> made_up_pieces(std::size_t count) {
  std::mt19937_64 random{1};
  std::set<std::string> pieces;
  for (int byte = 0; byte < 256; ++byte) pieces.insert(std::string(1, static_cast<char>(byte)));
  const std::string signs = "{}[]\",: \n\t\\.-";
  while (pieces.size() < count) {
    const std::uint64_t kind = random() % 100;
    std::string piece = random() % 2 == 0 ? " " : "";
    for (std::size_t i = 0, n = 2 + random() % 8; i < n; ++i) {
      if (kind < 65)
        piece += static_cast<char>('a' + random() % 26);
      else if (kind < 90)
        formats::append_utf8(piece, static_cast<char32_t>(0x400 + random() % 0x100));
      else if (kind < 95)
        piece += signs[random() % signs.size()];
      else
        piece += static_cast<char>('0' + random() % 10);
    }
    pieces.insert(piece);
  }
  return {pieces.begin(), pieces.end()};
}

/// A record with strings, numbers, arrays and nested objects.
std::string sample_text(std::size_t records) {
  Json list = Json::array();
  for (std::size_t i = 0; i < records; ++i)
    list.push_back({{"id", i * 7919},
                    {"name", "record number " + std::to_string(i) + " of the sample"},
                    {"tags", {"alpha", "beta \"quoted\"", "größe"}},
                    {"size", {{"width", 1.5}, {"height", 20}, {"deep", {{"deeper", {1, 2}}}}}},
                    {"note", nullptr}});
  return list.dump(1);
}

const char* const kSchema = R"({"type":"array","items":{"type":"object","properties":{
  "id":{"type":"integer","minimum":0},"name":{"type":"string","maxLength":60},
  "tags":{"type":"array","items":{"type":"string"}},
  "size":{"type":"object","properties":{"width":{"type":"number"},"height":{"type":"number"},
    "deep":{}},"required":["width"]},"note":{"type":["string","null"]}},
  "required":["id","name"],"additionalProperties":false}})";

/// The longest token that the text goes on with.
nn::TokenId longest_token(const nn::TokenTrie& trie, const std::string& text, std::size_t at) {
  const auto nodes = trie.nodes();
  nn::TokenId best = -1;
  std::size_t matched = 0;
  for (std::uint32_t i = 0; i + 1 < nodes.size() && at + matched < text.size();) {
    if (nodes[i].depth <= matched) break;
    if (nodes[i].byte != static_cast<std::uint8_t>(text[at + matched])) {
      i = nodes[i].end;
      continue;
    }
    ++matched;
    if (nodes[i + 1].first_token > nodes[i].first_token)
      best = trie.tokens()[nodes[i].first_token];
    ++i;
  }
  return best;
}

void measure(const char* name, const std::string& gbnf, const nn::TokenTrie& trie,
             const std::string& text) {
  double begin = cpu_seconds();
  const nn::Grammar grammar = nn::parse_grammar(gbnf);
  nn::GrammarConstraint constraint{grammar, trie};
  const double prepared = cpu_seconds() - begin;
  for (const char* pass : {"first", "again"}) {
    constraint.reset();
    std::vector<double> micros;
    for (std::size_t at = 0; at < text.size();) {
      begin = cpu_seconds();
      (void)constraint.mask();
      micros.push_back((cpu_seconds() - begin) * 1e6);
      const nn::TokenId token = longest_token(trie, text, at);
      constraint.accept(token);
      at += trie.piece(token).size();
    }
    const std::size_t n = micros.size();
    double sum = 0, walked = 0, walks = 0;
    for (const double one : micros) {
      sum += one;
      if (one < kLookUpMicros) continue;
      walked += one;
      ++walks;
    }
    std::sort(micros.begin(), micros.end());
    const Json line{{"type", "grammar_mask"},
                    {"grammar", name},
                    {"pass", pass},
                    {"tokens", trie.vocab_size()},
                    {"nodes", trie.nodes().size() - 1},
                    {"steps", n},
                    {"mean_us", sum / static_cast<double>(n)},
                    {"p50_us", micros[n / 2]},
                    {"p99_us", micros[n * 99 / 100]},
                    {"max_us", micros.back()},
                    {"walks", walks},
                    {"walk_mean_us", walks > 0 ? walked / walks : 0},
                    {"prepare_ms", prepared * 1e3}};
    std::printf("%s\n", line.dump().c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t tokens = 131072, records = 50;
  std::string vocab;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (std::strcmp(argv[i], "--smoke") == 0) tokens = 2000, records = 2;
    if (std::strcmp(argv[i], "--tokens") == 0 && has_value) tokens = std::stoul(argv[++i]);
    if (std::strcmp(argv[i], "--vocab") == 0 && has_value) vocab = argv[++i];
  }
  const double begin = cpu_seconds();
  const nn::TokenTrie trie = [&] {
    if (vocab.empty()) return nn::TokenTrie{made_up_pieces(tokens), {}};
    const MappedFile file{vocab};
    return nn::TokenTrie{
        *nn::make_tokenizer(formats::parse_gguf(file.bytes(), file.bytes().size()))};
  }();
  std::printf("{\"type\":\"token_trie\",\"build_ms\":%.1f}\n", (cpu_seconds() - begin) * 1e3);
  const std::string text = sample_text(records);
  measure("json", nn::json_schema_to_gbnf(Json(true)), trie, text);
  measure("schema", nn::json_schema_to_gbnf(parse_json(kSchema, "schema")), trie, text);
}
