#include "infer/result_cache.h"

#include <doctest/doctest.h>

#include <fstream>
#include <set>

#include "core/error.h"
#include "infer/prefix_cache.h"
#include "nn/grammar_constraint.h"
#include "recorder.h"
#include "scratch_models.h"

namespace hart::infer {
namespace {

GenerateRequest cached_request(const std::string& prompt = "abc") {
  GenerateRequest request;
  request.prompt = prompt;
  request.max_tokens = 12;
  request.sampling.seed = 5;
  request.sampling.alternatives = 2;
  return request;
}

TEST_CASE("generation codec: what is decoded is what was encoded, and damage is noticed") {
  RecordedGeneration recorded;
  recorded.tokens_in = 7;
  recorded.finish_reason = finish_reason::kLength;
  recorded.events.resize(2);
  recorded.events[0].token = 3;
  recorded.events[0].text = std::string{"a\0b", 3};
  recorded.events[0].logprob = -0.1;
  recorded.events[0].alternatives = {{4, -2.5}, {-1, -1e300}};
  recorded.events[1].index = 1;
  recorded.events[1].evidence = {0, 9};
  const ByteBuffer bytes = encode_generation(recorded);
  const auto back = decode_generation(bytes);
  REQUIRE(back);
  CHECK(back->tokens_in == 7);
  CHECK(std::string{back->finish_reason} == "length");
  REQUIRE(back->events.size() == 2);
  for (int i = 0; i < 2; ++i)
    CHECK(event_text(back->events[i]) == event_text(recorded.events[i]));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ByteBuffer damaged = bytes;
    damaged[i] ^= 0x40;
    CHECK_FALSE(decode_generation(damaged));
    CHECK_FALSE(decode_generation(ByteView{bytes}.first(i)));
  }
}

TEST_CASE("generation key: everything that the answer depends on changes it, threads do not") {
  const std::vector<nn::TokenId> prompt{1, 2, 3}, other_prompt{1, 2};
  const Hash256 model{};
  Hash256 other_model{};
  other_model[0] = 1;
  const GenerateRequest base = cached_request();
  std::set<Hash256> keys{generation_key(1, model, prompt, base, 2)};
  std::size_t made = 1;
  const auto add = [&](const Hash256& key) {
    keys.insert(key);
    CHECK(keys.size() == ++made);
  };
  add(generation_key(2, model, prompt, base, 2));
  add(generation_key(1, other_model, prompt, base, 2));
  add(generation_key(1, model, other_prompt, base, 2));
  add(generation_key(1, model, prompt, base, 3));
  const auto changed = [&](const auto& change) {
    GenerateRequest request = base;
    change(request);
    add(generation_key(1, model, prompt, request, 2));
  };
  changed([](auto& r) { r.max_tokens = 13; });
  changed([](auto& r) { r.context_length = 100; });
  changed([](auto& r) { r.kv_type = nn::KvType::q8_0; });
  changed([](auto& r) { r.stop = {"a"}; });
  changed([](auto& r) { r.stop = {"", "a"}; });
  changed([](auto& r) { r.stop = {"a", ""}; });
  changed([](auto& r) { r.evidence = {{{}, 1, "a", ""}}; });
  changed([](auto& r) { r.evidence = {{{}, 1, "b", ""}}; });
  changed([](auto& r) { r.sampling.temperature = 0.5; });
  changed([](auto& r) { r.sampling.top_n_sigma = 1; });
  changed([](auto& r) { r.sampling.top_k = 3; });
  changed([](auto& r) { r.sampling.typical_p = 0.5; });
  changed([](auto& r) { r.sampling.top_p = 0.5; });
  changed([](auto& r) { r.sampling.min_p = 0.5; });
  changed([](auto& r) { r.sampling.xtc_probability = 0.5; });
  changed([](auto& r) { r.sampling.xtc_threshold = 0.2; });
  changed([](auto& r) { r.sampling.repeat_penalty = 1.5; });
  changed([](auto& r) { r.sampling.frequency_penalty = 0.5; });
  changed([](auto& r) { r.sampling.presence_penalty = 0.5; });
  changed([](auto& r) { r.sampling.repeat_last_n = 3; });
  changed([](auto& r) { r.sampling.mirostat = 1; });
  changed([](auto& r) { r.sampling.mirostat_tau = 3; });
  changed([](auto& r) { r.sampling.mirostat_eta = 0.2; });
  changed([](auto& r) { r.sampling.seed = 6; });
  const nn::Grammar grammar = nn::parse_grammar("root ::= [a-e]*");
  const nn::TokenTrie trie{{"a", "b"}, {}};
  nn::GrammarConstraint constraint{grammar, trie};
  changed([&](auto& r) { r.grammar = &constraint; });
  changed([&](auto& r) { r.grammar = &constraint, r.grammar_text = "root ::= [a-e]*"; });
  GenerateRequest same = base;
  same.threads = 7;
  same.lookup = Lookup::always;
  CHECK(keys.contains(generation_key(1, model, prompt, same, 2)));
}

TEST_CASE("generate: an answer out of the cache is the same, by another process too") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_store(models.store, "tiny");
  GenerateRequest request = cached_request();
  request.stop = {"never to be seen"};
  request.evidence = {{{}, 1, "abcabcabcde", ""}};
  const Shown fresh = show(model, request);
  ResultCache cache{models.store};
  const Reuse reuse{&cache, nullptr};
  const Shown first = show(model, request, reuse), second = show(model, request, reuse);
  CHECK(first.text == fresh.text);
  CHECK_FALSE(first.cached);
  CHECK(second.text == fresh.text);
  CHECK(second.cached);
  store::Store again = models.scratch.open();
  ResultCache other{again};
  // A file and what is stored of it are one model.
  RunnableModel file = RunnableModel::from_file(models.path);
  CHECK(show(file, request, {&other, nullptr}).cached);
  request.sampling.seed = 6;
  CHECK_FALSE(show(file, request, {&other, nullptr}).cached);
  CHECK(other.figures().entries == 2);
  CHECK(other.figures().hits == 1);
}

TEST_CASE("generate: a cached answer is another tenant's affair") {
  Models models{tiny_model_file()};
  models.scratch.add_tenant("other");
  store::Store theirs = models.scratch.open("other");
  RunnableModel model = RunnableModel::from_file(models.path);
  ResultCache mine{models.store}, others{theirs};
  CHECK_FALSE(show(model, cached_request(), {&mine, nullptr}).cached);
  CHECK_FALSE(show(model, cached_request(), {&others, nullptr}).cached);
  CHECK(show(model, cached_request(), {&others, nullptr}).cached);
}

TEST_CASE("generate: a broken-off generation is not kept, nor one whose prompt is shown") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  ResultCache cache{models.store};
  const Reuse reuse{&cache, nullptr};
  CHECK_THROWS((void)generate(
      model, cached_request(), {},
      [](const TokenEvent&) {
        throw Error{Fault::io, "gone"};
      },
      reuse));
  GenerateRequest scored = cached_request();
  int seen = 0;
  scored.each_prompt_token = [&](const PromptToken&) { ++seen; };
  for (int i = 0; i < 2; ++i) CHECK_FALSE(show(model, scored, reuse).cached);
  CHECK(seen ==
        2 * static_cast<int>(model.tokenizer().encode("abc", {.add_special = true}).size()));
  RecordedGeneration stuck;
  stuck.finish_reason = finish_reason::kGrammar;
  CHECK_FALSE(cache.keep(Hash256{}, stuck));
  CHECK(cache.figures().entries == 0);
}

/// Notes the order of what is reported.
struct Log final : EventSink, UsageGate {
  std::string text;
  void begin(const GenerationBegin&) override { text += "begin "; }
  void token(const GeneratedToken& token) override {
    text += std::to_string(token.token) + "/" + std::to_string(token.alternatives.size()) + " ";
  }
  std::string end(const GenerationEnd& end) override {
    text += "end " + end.output.value_or("-") + end.finish_reason +
            std::to_string(end.tokens_out) + " ";
    return "receipt";
  }
  void query(const QueryRecord&) override {}
  Reservation reserve(const UsageRequest& request) override {
    text += "reserve " + std::to_string(request.units_micros) + " ";
    return 1;
  }
  void settle(Reservation, const UsageRecord& record) override {
    text += "settle " + std::to_string(record.units_micros);
  }
  void release(Reservation) noexcept override { text += "release"; }
};

TEST_CASE("generate: a cached answer is reserved, told and charged like the first") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  ResultCache cache{models.store};
  const Reuse reuse{&cache, nullptr};
  Log first, second;
  CHECK_FALSE(show(model, cached_request(), reuse, {&first, &first}).cached);
  CHECK(show(model, cached_request(), reuse, {&second, &second}).cached);
  CHECK(first.text == second.text);
  CHECK(first.text.find(" settle ") != std::string::npos);
  // A receipt tells three alternatives, so that an answer without one is another answer.
  CHECK_FALSE(show(model, cached_request(), reuse).cached);
}

TEST_CASE("generate: an entry that is damaged is not shown but generated anew") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  ResultCache cache{models.store};
  const Reuse reuse{&cache, nullptr};
  const Shown first = show(model, cached_request(), reuse);
  models.store.cache_db().exec(
      "UPDATE inference_cache SET value = CAST(substr(value, 1, 20) || x'55' ||"
      " substr(value, 22) AS BLOB)");
  const Shown second = show(model, cached_request(), reuse);
  CHECK_FALSE(second.cached);
  CHECK(second.text == first.text);
  CHECK(show(model, cached_request(), reuse).cached);
}

}  // namespace
}  // namespace hart::infer
