#include "infer/decoding.h"

#include <doctest/doctest.h>

#include <fstream>

#include "infer/draft_length.h"
#include "infer/lookup_history.h"
#include "nn/grammar_constraint.h"
#include "recorder.h"
#include "scratch_models.h"

namespace hart::infer {
namespace {

using Tokens = std::vector<nn::TokenId>;

LookupHistory history_of(const Tokens& tokens, std::size_t expected = 100) {
  LookupHistory history{expected};
  for (const nn::TokenId token : tokens) history.push(token);
  return history;
}

struct Guess {
  std::size_t matched;
  Tokens draft;
  bool operator==(const Guess&) const = default;
};

Guess guess_after(const Tokens& tokens, std::size_t most, std::size_t expected = 100) {
  Guess guess{0, {}};
  guess.matched = history_of(tokens, expected).guess(most, guess.draft);
  return guess;
}

TEST_CASE(
    "lookup history: what followed the longest run is guessed, its last occurrence first") {
  CHECK(guess_after({}, 3) == Guess{0, {}});
  CHECK(guess_after({1}, 3) == Guess{0, {}});
  CHECK(guess_after({1, 2, 3}, 3) == Guess{0, {}});
  CHECK(guess_after({1, 2, 3, 1}, 2) == Guess{1, {2, 3}});
  CHECK(guess_after({1, 2, 3, 1, 2, 4, 1}, 1) == Guess{1, {2}});
  CHECK(guess_after({1, 2, 3, 9, 2, 4, 1, 2}, 1) == Guess{2, {3}});
  CHECK(guess_after({5, 1, 2, 7, 1, 2, 8, 5, 1, 2}, 1) == Guess{3, {7}});
  CHECK(guess_after({5, 1, 2, 7, 1, 2, 8, 6, 1, 2}, 1) == Guess{2, {8}});
  CHECK(guess_after({4, 5, 1, 2, 7, 4, 5, 1, 2}, 0) == Guess{3, {}});
}

TEST_CASE("lookup history: a run that overlaps the end goes on as a loop") {
  CHECK(guess_after({7, 7}, 4) == Guess{1, {7, 7, 7, 7}});
  CHECK(guess_after({1, 2, 1, 2}, 5) == Guess{2, {1, 2, 1, 2, 1}});
}

TEST_CASE("lookup history: more tokens than expected cost guesses, and none is wrong") {
  Tokens tokens;
  for (int i = 0; i < 5000; ++i) tokens.push_back(i * 7919 % 4999);
  LookupHistory history{1};
  for (const nn::TokenId token : tokens) {
    history.push(token);
    Tokens draft;
    if (history.guess(1, draft) > 0) CHECK(draft.size() == 1);
  }
  tokens.insert(tokens.end(), {-1, -2, -3, -1, -2});
  CHECK(guess_after(tokens, 1, 1) == Guess{2, {-3}});
}

TEST_CASE(
    "draft length: as long as guesses are right and rows are cheap, none where they are not") {
  DraftLength cheap, dear, wrong;
  for (DraftLength* length : {&cheap, &dear, &wrong}) {
    CHECK(length->choose(3) == 0);  // No time is known yet.
    length->note_time(1, 1e-3);
    for (int i = 0; i < 100; ++i) {
      length->note_guess(3, length != &wrong);
      length->note_time(4, length == &dear ? 4e-3 : 1.1e-3);
    }
  }
  CHECK(cheap.choose(3) == DraftLength::kMost);
  CHECK(cheap.choose(0) == 0);
  CHECK(wrong.choose(3) == 0);
  int tried = 0;
  for (int i = 0; i < 1000; ++i) tried += dear.choose(3) > 0;
  // Tried again now and then, ever more seldom.
  CHECK(tried >= 3);
  CHECK(tried <= 8);
  for (int i = 0; i < 100; ++i) wrong.note_guess(3, true);
  CHECK(wrong.choose(3) > 0);
}

/// The texts of a request with each kind of lookup; checks that they are one.
std::string checked(RunnableModel& model, GenerateRequest request, std::uint64_t& saved) {
  request.lookup = Lookup::off;
  Sequence plain{model};
  const std::string expected = show(model, request, {nullptr, &plain}).text;
  for (const Lookup lookup : {Lookup::always, Lookup::adaptive}) {
    request.lookup = lookup;
    Sequence sequence{model};
    CHECK(show(model, request, {nullptr, &sequence}).text == expected);
    if (lookup == Lookup::always) saved += plain.evaluations() - sequence.evaluations();
    // And once more where the session has seen all of it.
    CHECK(show(model, request, {nullptr, &sequence}).text == expected);
  }
  return expected;
}

TEST_CASE("lookup decoding: never another text, number or end, and fewer evaluations") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  std::uint64_t saved = 0;
  GenerateRequest request;
  request.prompt = "abcdeabcdeabcdabcde";
  request.max_tokens = 120;
  request.sampling.alternatives = 3;
  for (const double temperature : {0.0, 0.3, 0.8, 1.5})
    for (const std::uint64_t seed : {1, 2, 3}) {
      request.sampling.temperature = temperature;
      request.sampling.seed = seed;
      CAPTURE(temperature);
      (void)checked(model, request, saved);
    }
  CHECK(saved > 100);
}

TEST_CASE("lookup decoding: the same under penalties, mirostat, stop strings and every limit") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  std::uint64_t saved = 0;
  GenerateRequest base;
  base.prompt = "abcabcabc";
  base.max_tokens = 60;
  base.sampling.temperature = 0;
  const std::string whole = checked(model, base, saved);
  GenerateRequest request = base;
  request.sampling.repeat_penalty = 1.3;
  request.sampling.frequency_penalty = 0.2;
  request.sampling.presence_penalty = 0.1;
  (void)checked(model, request, saved);
  request = base;
  request.sampling.mirostat = 2;
  request.sampling.temperature = 0.7;
  (void)checked(model, request, saved);
  const std::string text = show(model, base).text;
  for (std::uint32_t tokens = 0; tokens < 40; ++tokens) {
    request = base;
    request.max_tokens = tokens;
    (void)checked(model, request, saved);
    request = base;
    request.context_length =
        tokens + static_cast<std::uint32_t>(
                     model.tokenizer().encode(base.prompt, {.add_special = true}).size());
    (void)checked(model, request, saved);
  }
  GenerateRequest plain = base;
  std::string generated;
  generated = generate(model, plain, {}, {}).text;
  for (std::size_t at = 0; at + 3 < generated.size(); at += 2) {
    request = base;
    request.stop = {generated.substr(at, 3)};
    (void)checked(model, request, saved);
  }
}

TEST_CASE("lookup decoding: the same under a grammar, to its end and where it breaks off") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  const nn::TokenTrie trie{model.tokenizer()};
  std::uint64_t saved = 0;
  for (const char* text : {"root ::= [a-e]*", "root ::= (\"ab\" [c-e]){30}",
                           "root ::= \"abcabcabcabc\" [ab]+ \"\\n\"?"}) {
    const nn::Grammar grammar = nn::parse_grammar(text);
    nn::GrammarConstraint constraint{grammar, trie};
    for (const double temperature : {0.0, 1.0}) {
      GenerateRequest request;
      request.prompt = "abcabc";
      request.max_tokens = 100;
      request.sampling.temperature = temperature;
      request.grammar = &constraint;
      (void)checked(model, request, saved);
    }
  }
  CHECK(saved > 20);
}

}  // namespace
}  // namespace hart::infer
