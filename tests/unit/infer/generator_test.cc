#include "infer/generator.h"

#include <doctest/doctest.h>

#include <fstream>
#include <limits>

#include "core/error.h"
#include "formats/utf8.h"
#include "infer/generation_report.h"
#include "infer/stop_filter.h"
#include "store/catalog_writer.h"
#include "support/scratch_store.h"
#include "tiny_model.h"

namespace hart::infer {
namespace {

const store::SchemaModule kCatalogOnly[] = {store::catalog_schema()};

/// The tiny model's tokenizer: bytes are tokens 3 to 258, 2 ends a generation.
struct Tiny {
  test::ScratchStore scratch{kCatalogOnly};
  RunnableModel model;

  Tiny() : model{load(scratch.directory() + "/../tiny.gguf")} {}

  static RunnableModel load(const std::string& path) {
    const ByteBuffer file = tiny_model_file();
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(file.data()),
                                                static_cast<std::streamsize>(file.size()));
    return RunnableModel::from_file(path);
  }
  [[nodiscard]] const nn::Tokenizer& tokenizer() const { return model.tokenizer(); }
  /// Logits that favour the bytes of `text`, in this order.
  [[nodiscard]] std::vector<float> wanting(const std::string& text) const {
    std::vector<float> logits(static_cast<std::size_t>(tokenizer().vocab_size()), -5);
    for (std::size_t i = 0; i < text.size(); ++i)
      logits[byte(text[i])] = 10 - static_cast<float>(i);
    return logits;
  }
  static std::size_t byte(char c) { return 3 + static_cast<unsigned char>(c); }
};

constexpr nn::TokenId kEnd = 2;

/// A grammar at work on the tiny vocabulary.
struct Constrained {
  nn::Grammar grammar;
  nn::TokenTrie trie;
  nn::GrammarConstraint constraint;

  Constrained(const Tiny& tiny, const std::string& gbnf)
      : grammar{nn::parse_grammar(gbnf)}, trie{tiny.tokenizer()}, constraint{grammar, trie} {}
};

GenerateRequest greedy(std::uint32_t tokens) {
  GenerateRequest request;
  request.sampling.temperature = 0;
  request.max_tokens = tokens;
  return request;
}

TEST_CASE("StopFilter: shows what cannot become a stop string, and all of it at the end") {
  StopFilter filter{{"", "stop", "top!"}};
  bool stopped = false;
  CHECK(filter.push("a st", stopped) == "a ");
  CHECK(filter.push("op!", stopped) == "");
  CHECK(stopped);
  StopFilter other{{"stop"}};
  stopped = false;
  CHECK(other.push("sto", stopped) == "");
  CHECK(other.push("ne s", stopped) == "stone ");
  CHECK_FALSE(stopped);
  CHECK(other.finish() == "s");
}

TEST_CASE("Generator: ends with the end token, at max_tokens, or when nothing can follow") {
  Tiny tiny;
  std::vector<float> ending(static_cast<std::size_t>(tiny.tokenizer().vocab_size()), 0);
  ending[kEnd] = 5;
  const GenerateRequest request = greedy(3);
  Generator stops{tiny.tokenizer(), request};
  CHECK(stops.step(tiny.wanting("x"), true)->text == "x");
  CHECK_FALSE(stops.is_done());
  CHECK(stops.step(ending, true)->token == kEnd);
  CHECK(stops.reason() == std::string{finish_reason::kStop});
  CHECK(stops.text() == "x");
  CHECK(stops.tokens_out() == 2);
  Generator full{tiny.tokenizer(), request};
  for (int i = 0; i < 3; ++i) CHECK(full.step(tiny.wanting("y"), true));
  CHECK(full.reason() == std::string{finish_reason::kLength});
  Generator crowded{tiny.tokenizer(), request};
  CHECK(crowded.step(tiny.wanting("z"), false));
  CHECK(crowded.reason() == std::string{finish_reason::kLength});
  const GenerateRequest none = greedy(0);
  CHECK(Generator(tiny.tokenizer(), none).reason() == std::string{finish_reason::kLength});
}

TEST_CASE("Generator: a grammar decides among what the model wants, and ends the text") {
  Tiny tiny;
  Constrained json{tiny, "root ::= \"[\" [0-9]{1,2} \"]\""};
  GenerateRequest request = greedy(20);
  request.grammar = &json.constraint;
  for (int run = 0; run < 2; ++run) {
    Generator generator{tiny.tokenizer(), request};
    while (!generator.is_done()) CHECK(generator.step(tiny.wanting("x7]["), true));
    CHECK(generator.text() == "[77]");
    CHECK(generator.reason() == std::string{finish_reason::kStop});
    CHECK(generator.tokens_out() == 4);
  }
  GenerateRequest cut = request;
  cut.max_tokens = 2;
  Generator incomplete{tiny.tokenizer(), cut};
  while (!incomplete.is_done()) (void)incomplete.step(tiny.wanting("7"), true);
  CHECK(incomplete.text() == "[7");
  CHECK(incomplete.reason() == std::string{finish_reason::kLength});
}

TEST_CASE("Generator: a character of several tokens is never broken under a grammar") {
  Tiny tiny;
  Constrained letters{tiny, "root ::= [\u00e9\u6f22]+ \".\""};
  GenerateRequest request = greedy(7);
  request.grammar = &letters.constraint;
  Generator generator{tiny.tokenizer(), request};
  std::string streamed;
  while (!generator.is_done()) {
    const auto event = generator.step(tiny.wanting("\xA9\xBC\xA2\xE6\xC3."), true);
    REQUIRE(event);
    CHECK(formats::is_utf8(event->text));
    streamed += event->text;
  }
  CHECK(streamed == generator.text());
  CHECK(streamed == "漢漢");
  CHECK(generator.tokens_out() == 7);
  CHECK(generator.reason() == std::string{finish_reason::kLength});
}

TEST_CASE("Generator: where no token goes on as the grammar must, it ends and says so") {
  Tiny tiny;
  // A vocabulary without digits but with all else: the text may begin, and cannot go on.
  std::vector<std::string> pieces;
  for (nn::TokenId i = 0; i < tiny.tokenizer().vocab_size(); ++i) {
    const std::string piece = tiny.tokenizer().piece(i);
    pieces.push_back(piece >= "0" && piece <= "9" ? "" : piece);
  }
  const nn::TokenTrie trie{pieces, {kEnd}};
  const nn::Grammar grammar = nn::parse_grammar("root ::= \"ab\" [0-9] | \"c\"");
  nn::GrammarConstraint constraint{grammar, trie};
  GenerateRequest request = greedy(9);
  request.grammar = &constraint;
  request.stop = {"b!"};
  Generator generator{tiny.tokenizer(), request};
  while (!generator.is_done()) (void)generator.step(tiny.wanting("ab1"), true);
  CHECK(generator.text() == "ab");
  CHECK(generator.reason() == std::string{finish_reason::kGrammar});
  // Logits that rule out all that the grammar allows.
  Generator impossible{tiny.tokenizer(), request};
  std::vector<float> logits = tiny.wanting("x");
  logits[Tiny::byte('a')] = logits[Tiny::byte('c')] = -std::numeric_limits<float>::infinity();
  for (std::size_t i = 259; i < logits.size(); ++i) logits[i] = logits[Tiny::byte('a')];
  CHECK_FALSE(impossible.step(logits, true));
  CHECK(impossible.reason() == std::string{finish_reason::kGrammar});
}

TEST_CASE("Generator: a generation under a grammar by the model itself is in its language") {
  Tiny tiny;
  Constrained json{tiny, "root ::= \"{\" [a-c]{2,5} \":\" [0-9]+ \"}\""};
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    GenerateRequest request = greedy(60);
    request.prompt = "abc";
    request.sampling.temperature = 1.5;
    request.sampling.seed = seed;
    request.grammar = &json.constraint;
    const Generation generation = generate(tiny.model, request, {}, {});
    nn::GrammarAutomaton automaton{json.grammar};
    auto state = automaton.start();
    for (const char c : generation.text)
      state = automaton.next(state, static_cast<std::uint8_t>(c));
    CHECK(state != nn::GrammarAutomaton::kDead);
    CHECK(automaton.accepts(state) == (generation.finish_reason == finish_reason::kStop));
  }
}

TEST_CASE(
    "generate: the prompt's log-probabilities are those of the logits before each token") {
  Tiny tiny;
  GenerateRequest request = greedy(4);
  request.prompt = "abcab";
  const std::string plain = generate(tiny.model, request, {}, {}).text;
  request.sampling.alternatives = 2;
  std::vector<PromptToken> seen;
  request.each_prompt_token = [&](const PromptToken& token) { seen.push_back(token); };
  const Generation generation = generate(tiny.model, request, {}, {});
  CHECK(generation.text == plain);
  const auto prompt = tiny.tokenizer().encode("abcab", {.add_special = true});
  REQUIRE(seen.size() == prompt.size());
  CHECK_FALSE(seen[0].logprob);
  CHECK(seen[0].alternatives.empty());
  nn::TransformerSession session{tiny.model.weights()};
  for (std::size_t i = 0; i < prompt.size(); ++i) {
    CHECK(seen[i].index == i);
    CHECK(seen[i].token == prompt[i]);
    if (i == 0) continue;
    const auto logits = session.evaluate(std::span{&prompt[i - 1], 1});
    CHECK(*seen[i].logprob ==
          logits[static_cast<std::size_t>(prompt[i])] - nn::log_sum_exp(logits));
    REQUIRE(seen[i].alternatives.size() == 2);
    CHECK(seen[i].alternatives[0].token == nn::best_tokens(logits, 1, prompt[i])[0].token);
  }
  request.max_tokens = 0;
  seen.clear();
  CHECK(generate(tiny.model, request, {}, {}).tokens_out == 0);
  CHECK(seen.size() == prompt.size());
}

TEST_CASE("generation_parameters: the usual ones always, others where they do something") {
  GenerateRequest request;
  CHECK(generation_parameters(request).dump() ==
        R"({"max_tokens":128,"min_p":0.05,"repeat_last_n":64,"repeat_penalty":1.0,)"
        R"("stop":[],"temperature":0.8,"top_k":40,"top_p":0.95})");
  request.sampling.mirostat = 2;
  request.sampling.typical_p = 0.5;
  Tiny tiny;
  Constrained any{tiny, "root ::= \"a\""};
  request.grammar = &any.constraint;
  request.grammar_text = "abc";
  const Json parameters = generation_parameters(request);
  CHECK(parameters["mirostat_tau"] == 5.0);
  CHECK(parameters["typical_p"] == 0.5);
  CHECK(parameters["grammar"] ==
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace hart::infer
