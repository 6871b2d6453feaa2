#include "infer/prefix_cache.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "core/error.h"
#include "infer/clear_caches.h"
#include "infer/sequence.h"
#include "recorder.h"
#include "scratch_models.h"
#include "store/erase_files.h"

namespace hart::infer {
namespace {

namespace fs = std::filesystem;
using Tokens = std::vector<nn::TokenId>;

constexpr std::uint32_t kChunk = PrefixCache::kChunk;

Tokens tokens_of(std::size_t count, int seed = 1) {
  std::mt19937 random{static_cast<std::mt19937::result_type>(seed)};
  Tokens tokens(count);
  for (nn::TokenId& token : tokens) token = static_cast<nn::TokenId>(260 + random() % 5);
  return tokens;
}

std::string letters(std::size_t count, int seed = 1) {
  std::mt19937 random{static_cast<std::mt19937::result_type>(seed)};
  std::string text;
  while (text.size() < count) text += static_cast<char>('a' + random() % 5);
  return text;
}

std::vector<fs::path> kept_files(const store::Store& store) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& file : fs::directory_iterator{prefix_directory(store), error})
    files.push_back(file.path());
  return files;
}

GenerateRequest prompt_request(const std::string& prompt) {
  GenerateRequest request;
  request.prompt = prompt;
  request.max_tokens = 6;
  request.sampling.alternatives = 2;
  return request;
}

TEST_CASE("prefix cache: the longest kept beginning is found, in whole chunks") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  PrefixCache cache{store};
  const Tokens all = tokens_of(4 * kChunk);
  const ByteBuffer state(1000, 7);
  const PrefixScope scope;
  CHECK_FALSE(cache.find(scope, all, 0));
  CHECK(cache.keep(scope, std::span{all}.first(3 * kChunk), state));
  const auto whole = cache.find(scope, all, 0);
  REQUIRE(whole);
  CHECK(whole->common == 3 * kChunk);
  CHECK(whole->prefix.positions == 3 * kChunk);
  CHECK(std::ranges::equal(whole->prefix.state(), state));
  // Not worth it where as much is known.
  CHECK_FALSE(cache.find(scope, all, 3 * kChunk));
  CHECK(cache.find(scope, all, 3 * kChunk - 1));
  // One token less is one chunk less.
  CHECK(cache.find(scope, std::span{all}.first(3 * kChunk - 1), 0)->common == 2 * kChunk);
  CHECK_FALSE(cache.find(scope, std::span{all}.first(kChunk - 1), 0));
  // Prompts that begin alike find it, up to where they differ.
  Tokens other = all;
  other[kChunk + 1] ^= 1;
  CHECK(cache.find(scope, other, 0)->common == kChunk);
  CHECK(cache.find(scope, other, 0)->prefix.positions == 3 * kChunk);
  other[0] ^= 1;
  CHECK_FALSE(cache.find(scope, other, 0));
}

TEST_CASE("prefix cache: model, type and rotation are told apart, and tenants are") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  store::Store mine = scratch.open(), theirs = scratch.open("other");
  PrefixCache cache{mine}, others{theirs};
  const Tokens tokens = tokens_of(kChunk);
  PrefixScope scope;
  CHECK(cache.keep(scope, tokens, ByteBuffer(10)));
  CHECK(cache.find(scope, tokens, 0));
  CHECK_FALSE(others.find(scope, tokens, 0));
  scope.is_long = true;
  CHECK_FALSE(cache.find(scope, tokens, 0));
  scope = {};
  scope.kv_type = nn::KvType::q8_0;
  CHECK_FALSE(cache.find(scope, tokens, 0));
  scope = {};
  scope.model[31] = 1;
  CHECK_FALSE(cache.find(scope, tokens, 0));
}

TEST_CASE("prefix cache: a longer state takes the place of its beginning, and the oldest go") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  PrefixCache cache{store, 3 * prefix_file_bytes(100)};
  const ByteBuffer state(100);
  const PrefixScope scope;
  const Tokens a = tokens_of(4 * kChunk, 1), b = tokens_of(kChunk, 2), c = tokens_of(kChunk, 3),
               d = tokens_of(kChunk, 4);
  CHECK(cache.keep(scope, std::span{a}.first(kChunk), state));
  CHECK(cache.keep(scope, std::span{a}.first(2 * kChunk), state));
  CHECK(kept_files(store).size() == 1);
  CHECK(cache.figures().entries == 1);
  CHECK(cache.find(scope, a, 0)->common == 2 * kChunk);
  for (const Tokens* tokens : {&b, &c}) CHECK(cache.keep(scope, *tokens, state));
  CHECK(cache.find(scope, a, 0));
  CHECK(cache.keep(scope, d, state));
  CHECK(cache.find(scope, a, 0));
  CHECK_FALSE(cache.find(scope, b, 0));
  CHECK(cache.find(scope, c, 0));
  CHECK(kept_files(store).size() == 3);
  CHECK(cache.figures().bytes == 3 * prefix_file_bytes(100));
  CHECK_FALSE(cache.keep(scope, b, ByteBuffer(3 * prefix_file_bytes(100))));
}

TEST_CASE(
    "prefix cache: files are private, and go when the tenant is erased or all is cleared") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  PrefixCache cache{store};
  const PrefixScope scope;
  const Tokens tokens = tokens_of(kChunk);
  for (const bool erases : {true, false}) {
    CHECK(cache.keep(scope, tokens, ByteBuffer(10)));
    const auto files = kept_files(store);
    REQUIRE(files.size() == 1);
    struct stat status {};
    REQUIRE(::stat(files.front().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    REQUIRE(::stat(prefix_directory(store).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    if (erases)
      store::erase_from_side_databases(store);
    else
      clear_caches(store);
    CHECK(kept_files(store).empty());
    CHECK_FALSE(cache.find(scope, tokens, 0));
    CHECK(cache.figures().entries == 0);
  }
}

TEST_CASE("prefix cache: what is damaged, cut or missing is not found, and strays go") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  PrefixCache cache{store};
  const PrefixScope scope;
  const Tokens tokens = tokens_of(kChunk);
  const auto damage = [&](const auto& harm) {
    CHECK(cache.keep(scope, tokens, ByteBuffer(500, 3)));
    REQUIRE(cache.find(scope, tokens, 0));
    harm(kept_files(store).front());
    CHECK_FALSE(cache.find(scope, tokens, 0));
    CHECK(cache.figures().entries == 0);
  };
  for (const int at : {0, 8, 12, 16, 24, 32, 64, 96, 300, 595})
    damage([at](const fs::path& file) {
      std::fstream stream{file, std::ios::in | std::ios::out | std::ios::binary};
      stream.seekp(at);
      stream.put('\x7f');
    });
  for (const int size : {0, 95, 96, 595})
    damage([size](const fs::path& file) { fs::resize_file(file, size); });
  damage([](const fs::path& file) { fs::remove(file); });
  // cache.db was lost: its files cannot be found and are removed with the next that is kept.
  CHECK(cache.keep(scope, tokens, ByteBuffer(10)));
  store.cache_db().exec("DELETE FROM inference_cache; DELETE FROM prefix_cache_key");
  CHECK_FALSE(cache.find(scope, tokens, 0));
  CHECK(cache.keep(scope, tokens_of(kChunk, 2), ByteBuffer(10)));
  CHECK(kept_files(store).size() == 1);
}

TEST_CASE("prefix cache: where nothing can be written, nothing is kept and nothing fails") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  std::ofstream{scratch.directory() + "/cache"} << "in the way";
  PrefixCache cache{store};
  CHECK_FALSE(cache.keep({}, tokens_of(kChunk), ByteBuffer(10)));
  CHECK_FALSE(cache.find({}, tokens_of(kChunk), 0));
  CHECK(cache.figures().entries == 0);
  store::Store reader = scratch.open("default", false);
  PrefixCache reading{reader};
  CHECK_FALSE(reading.keep({}, tokens_of(kChunk), ByteBuffer(10)));
}

TEST_CASE("generate: with a prefix from the disk it says the same to the last bit") {
  Models models{tiny_model_file()};
  const std::string shared = letters(400);
  for (const nn::KvType type : {nn::KvType::f32, nn::KvType::f16, nn::KvType::q8_0}) {
    RunnableModel model = RunnableModel::from_file(models.path);
    GenerateRequest first = prompt_request(shared + "abc"),
                    second = prompt_request(shared + "dcdc");
    first.kv_type = second.kv_type = type;
    const Shown alone = show(model, first), other = show(model, second);
    PrefixCache cache{models.store};
    Sequence fresh{model, &cache};
    CHECK(show(model, first, {nullptr, &fresh}).text == alone.text);
    // Another process: its first evaluation begins where the files end.
    store::Store again = models.scratch.open();
    PrefixCache found{again};
    for (const GenerateRequest& request : {first, second}) {
      Sequence sequence{model, &found};
      const auto prompt = model.tokenizer().encode(request.prompt, {.add_special = true});
      CHECK(sequence.begin(prompt, {.context_length = 500, .kv_type = type}) == 384);
      const std::string& expected = request.prompt == first.prompt ? alone.text : other.text;
      Sequence started{model, &found};
      CHECK(show(model, request, {nullptr, &started}).text == expected);
    }
  }
  CHECK(kept_files(models.store).size() == 3);
}

TEST_CASE(
    "sequence: only long prompts are worth a file, and growing ones are kept as they grow") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  PrefixCache cache{models.store};
  Sequence sequence{model, &cache};
  const Tokens all = tokens_of(1000);
  const auto read = [&](std::size_t count) {
    const auto prompt = std::span{all}.first(count);
    const std::uint32_t known = sequence.begin(prompt, {.context_length = 1000});
    sequence.evaluate(prompt.subspan(known));
    return sequence.keep_prompt();
  };
  CHECK(read(255) == 0);
  CHECK(read(256) == 256);
  CHECK(read(256) == 0);
  CHECK(read(400) == 0);
  CHECK(read(511) == 0);
  CHECK(read(512) == 512);
  CHECK(read(300) == 0);
  CHECK(cache.figures().entries == 1);
  // Another prompt is another file.
  const Tokens other = tokens_of(300, 9);
  const std::uint32_t alike = sequence.begin(other, {.context_length = 1000});
  CHECK(alike < kChunk);
  sequence.evaluate(std::span{other}.subspan(alike));
  CHECK(sequence.keep_prompt() == 256);
}

TEST_CASE("sequence: prompts that share a beginning evaluate it once, and say the same") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  const std::string shared = letters(150);
  std::vector<GenerateRequest> requests;
  for (const char* end : {"abc", "abd", "", "edcba", "abc"})
    requests.push_back(prompt_request(shared + end));
  requests.push_back(prompt_request("e" + shared));
  requests.push_back(prompt_request(letters(1200, 3)));
  requests.push_back(prompt_request(shared + "abc"));
  requests[3].threads = 2;
  requests[4].max_tokens = 200;
  requests[5].kv_type = nn::KvType::q8_0;
  requests[1].context_length = 155;
  Sequence sequence{model};
  for (const GenerateRequest& request : requests)
    CHECK(show(model, request, {nullptr, &sequence}).text == show(model, request).text);
  // What is known needs no evaluation, but for the last token.
  const auto prompt = model.tokenizer().encode(shared + "abc", {.add_special = true});
  CHECK(sequence.begin(prompt, {.context_length = 200}) == prompt.size() - 1);
  sequence.evaluate(std::span{prompt}.last(1));
  CHECK(sequence.begin(prompt, {.context_length = 200, .reuses = false}) == 0);
  CHECK_THROWS((void)sequence.begin(prompt, {.context_length = 100}));
  CHECK_THROWS((void)sequence.begin({}, {.context_length = 100}));
}

TEST_CASE("sequence: after a generation that broke off the next one says the same") {
  Models models{tiny_model_file()};
  RunnableModel model = RunnableModel::from_file(models.path);
  Sequence sequence{model};
  GenerateRequest request = prompt_request("abcabcabcabc");
  request.max_tokens = 40;
  request.sampling.temperature = 0;
  const Shown alone = show(model, request);
  for (const Lookup lookup : {Lookup::off, Lookup::always})
    for (std::uint64_t stop = 0; stop < 40; stop += 3) {
      request.lookup = lookup;
      const auto breaking = [&](const TokenEvent& event) {
        if (event.index == stop) throw Error{Fault::io, "gone"};
      };
      CHECK_THROWS((void)generate(model, request, {}, breaking, {nullptr, &sequence}));
      CHECK(show(model, request, {nullptr, &sequence}).text == alone.text);
    }
}

}  // namespace
}  // namespace hart::infer
