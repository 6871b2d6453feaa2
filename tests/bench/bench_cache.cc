// What looking into the cache of results costs, with --entries entries of --tokens tokens each;
// and how four processes get on with each other. JSON lines; times in microseconds.

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/endian.h"
#include "core/json.h"
#include "crypto/sha256.h"
#include "infer/generation_codec.h"
#include "infer/result_cache.h"
#include "store/catalog.h"

namespace {

using namespace hart;

Hash256 key_of(std::uint64_t number) {
  ByteBuffer bytes;
  append_le(bytes, number);
  return crypto::sha256(bytes);
}

infer::RecordedGeneration recording(std::size_t tokens) {
  infer::RecordedGeneration recorded;
  recorded.tokens_in = 20;
  for (std::size_t i = 0; i < tokens; ++i) {
    infer::TokenEvent event;
    event.token = static_cast<nn::TokenId>(i);
    event.text = " word";
    event.logprob = -0.5;
    event.alternatives = {{1, -1.5}, {2, -2.5}, {3, -3.5}};
    recorded.events.push_back(event);
  }
  return recorded;
}

store::Store open(const std::string& directory) {
  return store::Store{{directory, "default", 30'000, true}};
}

void fill(const std::string& directory, std::uint64_t entries, std::size_t tokens) {
  store::Store store = open(directory);
  infer::CacheTable table{store, infer::CacheKind::generation, UINT64_MAX / 4};
  const ByteBuffer value = infer::encode_generation(recording(tokens));
  const double begin = steady_seconds();
  constexpr std::uint64_t kBatch = 10'000;
  for (std::uint64_t at = 0; at < entries; at += kBatch)
    table.change([&] {
      for (std::uint64_t i = at; i < std::min(at + kBatch, entries); ++i)
        table.put(key_of(i), value, value.size());
    });
  std::printf("%s\n", Json({{"type", "cache_fill"},
                            {"entries", entries},
                            {"value_bytes", value.size()},
                            {"seconds", steady_seconds() - begin}})
                          .dump()
                          .c_str());
  std::fflush(stdout);
}

/// Looks `count` keys up, of which three of four are there.
void look_up(const std::string& directory, std::uint64_t entries, std::size_t count,
             const char* name) {
  store::Store store = open(directory);
  constexpr TimeUs kHourUs = TimeUs{3600} * 1'000'000;
  infer::CacheTable table{store, infer::CacheKind::generation, UINT64_MAX / 4, kHourUs};
  std::vector<Hash256> keys;
  for (std::size_t i = 0; i < count; ++i)
    keys.push_back(key_of((i * 2'654'435'761u) % (entries * 4 / 3)));
  static_cast<void>(table.find(keys.front()));
  std::vector<double> micros;
  std::size_t found = 0;
  const double begin = steady_seconds();
  for (const Hash256& key : keys) {
    const double start = steady_seconds();
    found += table.find(key).has_value();
    micros.push_back((steady_seconds() - start) * 1e6);
  }
  const double seconds = steady_seconds() - begin;
  std::sort(micros.begin(), micros.end());
  std::printf("%s\n", Json({{"type", "cache_lookup"},
                            {"case", name},
                            {"entries", entries},
                            {"lookups_per_s", static_cast<double>(count) / seconds},
                            {"found", found},
                            {"p50_us", micros[count / 2]},
                            {"p99_us", micros[count * 99 / 100]}})
                          .dump()
                          .c_str());
  std::fflush(stdout);
}

/// Asks and keeps as `generate` does.
void keep_and_find(const std::string& directory, std::size_t count, std::size_t tokens) {
  store::Store store = open(directory);
  infer::ResultCache cache{store};
  const infer::RecordedGeneration recorded = recording(tokens);
  std::size_t kept = 0, found = 0;
  const double begin = steady_seconds();
  for (std::size_t i = 0; i < count; ++i) {
    const Hash256 key = key_of((std::uint64_t{1} << 40) + i);
    if (cache.find(key)) {
      ++found;
      continue;
    }
    kept += cache.keep(key, recorded);
  }
  std::printf("%s\n",
              Json({{"type", "cache_use"},
                    {"requests", count},
                    {"found", found},
                    {"kept", kept},
                    {"mean_us", (steady_seconds() - begin) * 1e6 / static_cast<double>(count)}})
                  .dump()
                  .c_str());
  std::fflush(stdout);
}

template <typename Work> void in_processes(int processes, const Work& work) {
  for (int i = 0; i < processes; ++i)
    if (::fork() == 0) {
      work();
      std::fflush(stdout);
      ::_exit(0);
    }
  while (::wait(nullptr) > 0) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t entries = 1'000'000;
  std::size_t tokens = 8, lookups = 200'000;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (std::strcmp(argv[i], "--smoke") == 0) entries = 2000, lookups = 2000;
    if (std::strcmp(argv[i], "--entries") == 0 && has_value) entries = std::stoull(argv[++i]);
    if (std::strcmp(argv[i], "--tokens") == 0 && has_value) tokens = std::stoul(argv[++i]);
  }
  std::string directory =
      (std::filesystem::temp_directory_path() / "hart-bench-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr) return 73;
  const std::string path = directory + "/b.hart";
  const store::SchemaModule modules[] = {store::catalog_schema()};
  store::Store::create(path, modules);
  fill(path, entries, tokens);
  look_up(path, entries, lookups, "one process");
  in_processes(4, [&] { look_up(path, entries, lookups / 4, "four processes"); });
  in_processes(4,
               [&] { keep_and_find(path, std::min<std::size_t>(lookups / 40, 2000), tokens); });
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}
