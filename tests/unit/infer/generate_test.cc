#include "infer/generate.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "infer/grounding.h"
#include "scratch_models.h"

namespace hart::infer {
namespace {

template <typename Body> Fault fault_of(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.fault();
  }
  return Fault{0};
}

/// Notes what is reported, in order, in one word each.
struct Recorder final : EventSink, UsageGate {
  std::string log;
  std::int64_t reserved = 0;
  UsageRecord settled;
  GenerationBegin began;
  GenerationEnd ended;
  bool denies = false;

  void begin(const GenerationBegin& begin) override { log += "begin ", began = begin; }
  void token(const GeneratedToken&) override { log += "token "; }
  std::string end(const GenerationEnd& end) override {
    log += "end ", ended = end;
    return "receipt-7";
  }
  void query(const QueryRecord&) override { log += "query "; }
  Reservation reserve(const UsageRequest& request) override {
    log += "reserve ", reserved = request.units_micros;
    if (denies) throw Error{Fault::denied, "the quota says no"};
    return 7;
  }
  void settle(Reservation reservation, const UsageRecord& record) override {
    CHECK(reservation == 7);
    log += "settle ", settled = record;
  }
  void release(Reservation) noexcept override { log += "release "; }
};

GenerateRequest request_of(std::uint32_t tokens, std::vector<std::string> stop = {}) {
  GenerateRequest request;
  request.prompt = "abc";
  request.max_tokens = tokens;
  request.stop = std::move(stop);
  request.sampling.temperature = 0;
  return request;
}

/// The text of the whole, having checked that the events' texts are all of it.
std::string run(RunnableModel& model, const GenerateRequest& request,
                std::string* reason = nullptr) {
  std::string streamed;
  const Generation generation =
      generate(model, request, {}, [&](const TokenEvent& event) { streamed += event.text; });
  CHECK(streamed == generation.text);
  if (reason != nullptr) *reason = generation.finish_reason;
  return generation.text;
}

TEST_CASE("model: from a store and from its file it has one id, and says the same") {
  Models models{tiny_model_file()};
  RunnableModel file = RunnableModel::from_file(models.path);
  RunnableModel stored = RunnableModel::from_store(models.store, "tiny");
  CHECK(file.id() == stored.id());
  CHECK(file.name() == "model.gguf");
  CHECK(stored.name() == "tiny");
  const auto prompt = file.tokenizer().encode("abcde", {.add_special = true});
  CHECK(prompt == stored.tokenizer().encode("abcde", {.add_special = true}));
  nn::TransformerSession a{file.weights()};
  nn::TransformerSession b{stored.weights()};
  const auto x = a.evaluate(prompt);
  const auto y = b.evaluate(prompt);
  CHECK(std::equal(x.begin(), x.end(), y.begin(), y.end()));
  for (const unsigned threads : {1u, 3u}) {
    GenerateRequest request = request_of(20);
    request.threads = threads;
    CHECK(run(file, request) == run(stored, request));
  }
}

TEST_CASE("model: what is no language model is refused") {
  Models models{tiny_model_file("falcon")};
  RunnableModel stored = RunnableModel::from_store(models.store, "tiny");
  CHECK(fault_of([&] { (void)stored.weights(); }) == Fault::data);
  CHECK(fault_of([&] { (void)RunnableModel::from_store(models.store, "absent"); }) ==
        Fault::no_input);
  CHECK(fault_of([&] { (void)RunnableModel::from_file(models.path + "x"); }) ==
        Fault::no_input);
  CHECK(is_model_file(models.path));
  CHECK_FALSE(is_model_file("tiny"));
  CHECK_FALSE(is_model_file(models.path + "x"));
}

TEST_CASE("generate: the golden text, from the file and from the store") {
  const std::string path = std::string{HART_SHARED_DATA} + "/stories260K.gguf";
  if (!std::filesystem::exists(path)) {
    MESSAGE("no ", path, ": the golden text is not compared");
    return;
  }
  const MappedFile file{path};
  Models models{ByteBuffer{file.bytes().begin(), file.bytes().end()}};
  std::ifstream in{std::string{HART_SHARED_DATA} + "/stories260K.golden.txt", std::ios::binary};
  const std::string golden{std::istreambuf_iterator<char>{in}, {}};
  GenerateRequest request = request_of(200);
  request.prompt = "Once upon a time";
  RunnableModel from_file = RunnableModel::from_file(models.path);
  CHECK(request.prompt + run(from_file, request) + "\n" == golden);
  RunnableModel stored = RunnableModel::from_store(models.store, "tiny");
  CHECK(request.prompt + run(stored, request) + "\n" == golden);
}

TEST_CASE("generate: it ends before the stop string, wherever the tokens are cut") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  std::string reason;
  const std::string whole = run(model, request_of(30), &reason);
  REQUIRE(whole.size() > 10);
  CHECK(reason == "length");
  for (std::size_t at = 0; at + 4 < whole.size(); ++at)
    for (const std::size_t length : {1u, 2u, 4u}) {
      const std::string stop = whole.substr(at, length);
      CAPTURE(at);
      CHECK(run(model, request_of(30, {"", stop, "never to be seen"}), &reason) ==
            whole.substr(0, whole.find(stop)));
      CHECK(reason == "stop");
    }
  // What only began like a stop string is given out at the end.
  CHECK(run(model, request_of(30, {whole.substr(whole.size() - 3) + "more"}), &reason) ==
        whole);
  CHECK(reason == "length");
}

TEST_CASE("generate: the seed decides, and nothing else does") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  GenerateRequest request = request_of(20);
  request.sampling.temperature = 1.5f;
  request.sampling.seed = 1;
  const std::string one = run(model, request);
  CHECK(run(model, request) == one);
  request.sampling.seed = 2;
  CHECK(run(model, request) != one);
}

TEST_CASE("generate: reserved before it begins, settled once after it ended") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  Recorder recorder;
  const Generation generation = generate(model, request_of(3), {&recorder, &recorder}, {});
  CHECK(recorder.log == "reserve begin token token token end settle ");
  CHECK(recorder.reserved == static_cast<std::int64_t>(generation.tokens_in + 3) * 1'000'000);
  CHECK(recorder.settled.units_micros ==
        static_cast<std::int64_t>(generation.tokens_in + generation.tokens_out) * 1'000'000);
  CHECK(recorder.settled.operation == "generate_text");
  CHECK(recorder.settled.event_id == uuid_text(generation.inference));
  CHECK(generation.receipt == "receipt-7");
  REQUIRE(recorder.began.models.size() == 1);
  CHECK(recorder.began.models[0].id == model.id());
  CHECK(recorder.began.models[0].tensors > 0);
  CHECK(recorder.began.engine.name == "transformer");
  REQUIRE(recorder.ended.usage.size() == 1);
  CHECK(recorder.ended.usage[0].units_micros == recorder.settled.units_micros);
  CHECK(recorder.ended.output == generation.text);
  CHECK(recorder.ended.tokens_out == 3);
}

TEST_CASE(
    "generate: what fails half-way gives its reservation back, a denial ends it at once") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  Recorder recorder;
  const auto failing = [&] {
    (void)generate(model, request_of(5), {&recorder, &recorder}, [](const TokenEvent& event) {
      if (event.index == 1) throw Error{Fault::io, "the reader is gone"};
    });
  };
  CHECK(fault_of(failing) == Fault::io);
  CHECK(recorder.log == "reserve begin token token release ");
  recorder.log.clear();
  recorder.denies = true;
  CHECK(fault_of([&] {
          (void)generate(model, request_of(5), {&recorder, &recorder}, {});
        }) == Fault::denied);
  CHECK(recorder.log == "reserve ");
}

TEST_CASE(
    "generate: no tokens asked for are none given; a prompt that does not fit is refused") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  Recorder recorder;
  const Generation none = generate(model, request_of(0), {&recorder, &recorder}, {});
  CHECK(none.text == "");
  CHECK(none.tokens_out == 0);
  CHECK(none.finish_reason == "length");
  CHECK(recorder.log == "reserve begin end settle ");
  recorder.log.clear();
  GenerateRequest request = request_of(5);
  request.context_length = static_cast<std::uint32_t>(none.tokens_in) - 1;
  CHECK(fault_of([&] {
          (void)generate(model, request, {&recorder, &recorder}, {});
        }) == Fault::data);
  CHECK(recorder.log == "");
  request.context_length = static_cast<std::uint32_t>(none.tokens_in) + 2;
  // The last token needs no room: nothing is evaluated after it.
  CHECK(generate(model, request, {}, {}).tokens_out == 3);
}

TEST_CASE("grounding: a token leans on the evidence that its run is longest in, ties on both") {
  Models models{tiny_model_file()};
  const RunnableModel model = RunnableModel::from_file(models.path);
  const nn::Tokenizer& tokenizer = model.tokenizer();
  const std::vector<Evidence> evidence{
      {{}, 1, "abcd", ""}, {{}, 1, "eabc", ""}, {{}, 1, "a", ""}};
  using Leaning = std::vector<std::uint32_t>;
  const auto feed = [&](const std::string& text) {
    Grounding grounding{tokenizer, evidence};
    std::vector<Leaning> all;
    for (const char letter : text)
      all.push_back(grounding.next(*std::prev(tokenizer.encode(std::string{letter}).end())));
    return all;
  };
  CHECK(feed("abcd") == std::vector<Leaning>{{}, {}, {0, 1}, {0}});
  CHECK(feed("eabc") == std::vector<Leaning>{{}, {}, {1}, {1}});
  CHECK(feed("abdabc") == std::vector<Leaning>{{}, {}, {}, {}, {}, {0, 1}});
}

TEST_CASE("grounding: the model reads each evidence on a line, an empty line, the prompt") {
  CHECK(grounded_prompt({}, "why?") == "why?");
  const std::vector<Evidence> evidence{{{}, 1, "one\ntwo", ""}, {{}, 1, "three", ""}};
  CHECK(grounded_prompt(evidence, "why?") == "one two\nthree\n\nwhy?");
}

}  // namespace
}  // namespace hart::infer
