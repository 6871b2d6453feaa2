// Receipts a second, in groups and each acknowledged when it is durable; proofs
// from a log of ten million receipts, and from a simulated one of a billion.
// JSON lines.
//
// A receipt has a prompt of 100 bytes, two pieces of evidence and 32 tokens.
// The disk is that of the temporary directory (TMPDIR); its own rate of syncs
// stands beside the figures.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/endian.h"
#include "core/error.h"
#include "core/json.h"
#include "crypto/merkle.h"
#include "prov/content.h"
#include "prov/receipt_queue.h"
#include "prov/schema.h"
#include "prov/transparency_log.h"
#include "scratch_directory.h"
#include "support/uniform_tiles.h"

namespace {

using namespace hart;

store::OpenOptions bench_options(const bench::ScratchDirectory& directory) {
  const std::array<store::SchemaModule, 2> modules{store::catalog_schema(),
                                                   prov::prov_schema()};
  if (!std::filesystem::exists(directory.store()))
    store::Store::create(directory.store(), modules);
  return {directory.store(), "default", 60'000, true};
}

GenerationBegin bench_begin() {
  // UUIDs ascend with the time, as they do where receipts are written as they
  // come.
  static std::atomic<TimeUs> time{1'700'000'000'000'000};
  GenerationBegin begin;
  begin.started = time += 50;
  begin.inference = make_uuid7(begin.started);
  begin.operation = "generate_text";
  begin.engine = {"transformer", "1", "avx512", "cpu"};
  begin.models = {{{IdSpace::structure, crypto::sha256(as_bytes("model"))}, "model.gguf"}};
  begin.parameters = {{"temperature", 0.7}, {"top_k", 40}};
  begin.seed = 42;
  begin.prompt = std::string(100, 'p');
  // Of a hundred thousand passages, as a store of documents has them.
  const auto passage = static_cast<std::uint64_t>(begin.started) * 0x9e3779b97f4a7c15ULL;
  for (const std::uint64_t each : {passage, passage >> 20}) {
    const std::string name = std::to_string(each % 100'000);
    begin.evidence.push_back(
        {{IdSpace::content, crypto::sha256(as_bytes(name))}, 0.5, std::string(200, 'e'), name});
  }
  return begin;
}

/// 32 tokens with two alternatives each.
const std::vector<GeneratedToken>& bench_tokens() {
  static const std::vector<GeneratedToken> tokens = [] {
    std::vector<GeneratedToken> made(32);
    for (int i = 0; i < 32; ++i) {
      GeneratedToken& token = made[static_cast<std::size_t>(i)];
      token.token = i;
      token.text = " word";
      token.alternatives = {{i + 1, -1.5F, " other"}, {i + 2, -2.5F, " third"}};
    }
    return made;
  }();
  return tokens;
}

prov::PendingReceipt bench_receipt() {
  prov::ReceiptDraft draft{bench_begin(), "default", ""};
  for (const GeneratedToken& token : bench_tokens()) draft.token(token);
  return draft.finish({1'700'000'001'000'000,
                       std::string(150, 'o'),
                       "stop",
                       25,
                       32,
                       {{"generate_text", "token", 57'000'000}}});
}

void print(const Json& line) {
  std::printf("%s\n", dump_json(line).c_str());
  std::fflush(stdout);
}

/// What the disk allows: writes of a page at the end of a file, each made
/// durable.
void measure_syncs(std::size_t runs) {
  const bench::ScratchDirectory directory;
  const int fd = ::open((directory.path() + "/syncs").c_str(), O_RDWR | O_CREAT, 0600);
  if (fd < 0) throw_errno(Fault::cannot_create, "a file to sync", errno);
  const std::vector<char> page(16'384, 'x');
  const double begun = steady_seconds();
  for (std::size_t i = 0; i < runs; ++i)
    if (::write(fd, page.data(), page.size()) < 0 || ::fdatasync(fd) != 0)
      throw_errno(Fault::io, "a file to sync", errno);
  const double seconds = steady_seconds() - begun;
  ::close(fd);
  print({{"type", "disk"}, {"syncs_per_s", static_cast<double>(runs) / seconds}});
}

/// One thread makes receipts, nobody waits for a single one.
void measure_grouped(std::size_t receipts) {
  const bench::ScratchDirectory directory;
  const store::OpenOptions options = bench_options(directory);
  const double begun = steady_seconds();
  std::uint64_t groups = 0;
  {
    prov::ReceiptQueue queue{options};
    std::future<std::uint64_t> last;
    for (std::size_t i = 0; i < receipts; ++i) last = queue.submit(bench_receipt());
    static_cast<void>(last.get());
    groups = queue.groups();
  }
  const double seconds = steady_seconds() - begun;
  print({{"type", "grouped"},
         {"receipts", receipts},
         {"groups", groups},
         {"receipts_per_s", static_cast<double>(receipts) / seconds}});
}

/// What making and what writing costs, one after the other on one thread.
void measure_parts(std::size_t receipts) {
  const bench::ScratchDirectory directory;
  store::Store store{bench_options(directory)};
  prov::ReceiptWriter writer{store};
  constexpr std::size_t kGroup = 1000;
  double made = 0;
  double written = 0;
  for (std::size_t at = 0; at < receipts; at += kGroup) {
    const double begun = steady_seconds();
    std::vector<prov::PendingReceipt> group;
    for (std::size_t i = 0; i < kGroup; ++i) group.push_back(bench_receipt());
    const double between = steady_seconds();
    store::WriteTransaction transaction{store};
    static_cast<void>(writer.write(group));
    transaction.commit();
    made += between - begun;
    written += steady_seconds() - between;
  }
  print({{"type", "parts"},
         {"group", kGroup},
         {"make_us", made * 1e6 / static_cast<double>(receipts)},
         {"write_us", written * 1e6 / static_cast<double>(receipts)}});
}

/// Each client sends a receipt when its last one is durable.
void measure_acknowledged(std::size_t clients, std::size_t receipts) {
  const bench::ScratchDirectory directory;
  const store::OpenOptions options = bench_options(directory);
  prov::ReceiptQueue queue{options};
  std::vector<std::thread> threads;
  const std::size_t each = receipts / clients;
  const double begun = steady_seconds();
  for (std::size_t i = 0; i < clients; ++i)
    threads.emplace_back([&queue, each] {
      for (std::size_t at = 0; at < each; ++at)
        static_cast<void>(queue.submit(bench_receipt()).get());
    });
  for (std::thread& thread : threads) thread.join();
  const double seconds = steady_seconds() - begun;
  print({{"type", "acknowledged"},
         {"clients", clients},
         {"receipts", each * clients},
         {"groups", queue.groups()},
         {"receipts_per_s", static_cast<double>(each * clients) / seconds}});
}

/// Proofs of leaves all over the log, each from a prover that has read nothing.
void measure_proofs(const std::string& what, prov::TileSource& tiles, std::uint64_t size,
                    std::size_t runs) {
  std::vector<double> ms;
  std::size_t hashes = 0;
  std::uint64_t read = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    const std::uint64_t index = (i * 0x9e3779b97f4a7c15ULL) % size;
    const double begun = steady_seconds();
    prov::LogProver prover{tiles, size};
    const crypto::MerkleProof proof = prover.inclusion_proof(index, size);
    ms.push_back((steady_seconds() - begun) * 1e3);
    hashes = std::max(hashes, proof.size());
    read = std::max(read, prover.tiles_read());
  }
  std::sort(ms.begin(), ms.end());
  print({{"type", "proof"},
         {"log", what},
         {"leaves", size},
         {"hashes", hashes},
         {"tiles_read", read},
         {"median_ms", ms[ms.size() / 2]},
         {"slowest_ms", ms.back()}});
}

void measure_log(std::uint64_t size, std::size_t runs) {
  const bench::ScratchDirectory directory;
  store::Store store{bench_options(directory)};
  prov::TransparencyLog log{store};
  constexpr std::uint64_t kGroup = 100'000;
  const double begun = steady_seconds();
  for (std::uint64_t at = 0; at < size; at += kGroup) {
    std::vector<Hash256> leaves(std::min(kGroup, size - at));
    for (std::size_t i = 0; i < leaves.size(); ++i) store_le(leaves[i].data(), at + i);
    store::WriteTransaction transaction{store};
    static_cast<void>(log.append(leaves));
    transaction.commit();
  }
  print({{"type", "append"},
         {"leaves", size},
         {"leaves_per_s", static_cast<double>(size) / (steady_seconds() - begun)},
         {"bytes_per_leaf",
          static_cast<double>(std::filesystem::file_size(directory.store() + "/hart.db")) /
              static_cast<double>(size)}});
  measure_proofs("stored", log, size, runs);
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::string{argv[1]} == "--smoke";
  try {
    measure_syncs(smoke ? 10 : 1000);
    measure_parts(smoke ? 1000 : 50'000);
    measure_grouped(smoke ? 1000 : 200'000);
    for (const std::size_t clients : {1, 4, 16, 64})
      measure_acknowledged(clients, smoke ? 64 : 20'000);
    measure_log(smoke ? 70'000 : 10'000'000, smoke ? 10 : 1000);
    test::UniformTiles tiles{crypto::leaf_hash(as_bytes("leaf"))};
    measure_proofs("simulated", tiles, 1'000'000'000, smoke ? 10 : 1000);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_receipts: %s\n", error.what());
    return 1;
  }
  return 0;
}
