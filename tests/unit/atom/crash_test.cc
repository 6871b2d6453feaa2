#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include "fixture.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;

constexpr int kKills = 40;

/// The file that is added as number `index` of a round: now and then a model, else a text.
ByteBuffer content(int round, int index) {
  std::mt19937 random(static_cast<unsigned>(round * 1000 + index));
  if (index % 3 == 2) {
    std::vector<TestTensor> tensors{{"blk.0.w", {5000}, std::vector<float>(5000)},
                                    {"shared.w", {1000}, std::vector<float>(1000, 1)}};
    for (float& value : tensors[0].values) value = static_cast<float>(random() % 1000);
    return gguf_file(tensors, {{"general.architecture", "llama"}});
  }
  std::string text;
  for (unsigned words = 20 + random() % 500; words > 0; --words)
    text += std::to_string(random() % 5000) + (words % 40 == 0 ? "\n\n" : " ");
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::string name_of(int round, int index) {
  return "r" + std::to_string(round) + "-" + std::to_string(index);
}

/// Adds objects for ever, and says on `pipe` which of them are durable.
[[noreturn]] void write_until_killed(const std::string& directory, int round, int pipe) {
  try {
    store::Store store{{directory, "default", 10'000, true}};
    for (int index = 0;; ++index) {
      add(store, name_of(round, index), content(round, index));
      if (::write(pipe, "+", 1) != 1) break;
    }
  } catch (const std::exception&) {
    // The parent counts what came through the pipe: nothing came, so it fails.
  }
  ::_exit(1);
}

/// Starts a writer, kills it after `life`, and returns how many objects it acknowledged.
int kill_a_writer(const std::string& directory, int round, std::chrono::microseconds life) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(directory, round, ends[1]);
  }
  ::close(ends[1]);
  char mark = 0;
  int acknowledged = 0;
  // Every second one dies in its first steps, the others with work behind them.
  if (round % 2 == 1 && ::read(ends[0], &mark, 1) == 1) ++acknowledged;
  std::this_thread::sleep_for(life);
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  while (::read(ends[0], &mark, 1) == 1) ++acknowledged;
  ::close(ends[0]);
  return acknowledged;
}

/// Every promise of a store that can be checked without knowing what was added.
void check_store(store::Store& store) {
  store::Statement integrity =
      store.db().prepare("PRAGMA integrity_check", store::Scope::owner);
  REQUIRE(integrity.step());
  CHECK(integrity.text(0) == "ok");
  store::Statement dangling =
      store.db().prepare("PRAGMA foreign_key_check", store::Scope::owner);
  CHECK_FALSE(dangling.step());
  store::Statement extents = store.db().prepare(
      "SELECT pack_id, MAX(pack_offset + stored_bytes) FROM extent GROUP BY pack_id",
      store::Scope::owner);
  while (extents.step())
    CHECK(fs::file_size(store.packs().path(extents.integer(0))) >=
          static_cast<std::uint64_t>(extents.integer(1)));
}

/// Every object whose name begins with the round exports as it was made, and the acknowledged
/// ones are among them.
void check_round(store::Store& store, int round, int acknowledged) {
  int found = 0;
  for (;; ++found) {
    const std::string name = name_of(round, found);
    try {
      (void)store::resolve_object(store, name);
    } catch (const Error&) {
      break;
    }
    CAPTURE(name);
    CHECK(exported(store, name) == content(round, found));
  }
  CHECK(found >= acknowledged);
  CHECK(found <= acknowledged + 1);
}

TEST_CASE("crash: a writer killed at any moment loses nothing that it acknowledged") {
  const test::ScratchStore scratch{kCatalogOnly};
  std::mt19937 random{20'240'229};
  std::vector<int> acknowledged;
  for (int round = 0; round < kKills; ++round) {
    CAPTURE(round);
    const std::chrono::microseconds life{2'000 + random() % 100'000};
    acknowledged.push_back(kill_a_writer(scratch.directory(), round, life));
    store::Store store = scratch.open();
    check_store(store);
    check_round(store, round, acknowledged.back());
    // The next writer goes on where the dead one left off.
    const std::string name = "after-" + std::to_string(round);
    add_text(store, name,
             "written after crash number " + std::to_string(round) + " of this store");
    CHECK(exported(store, name).size() > 30);
  }
  store::Store store = scratch.open();
  for (int round = 0; round < kKills; ++round)
    check_round(store, round, acknowledged[static_cast<std::size_t>(round)]);
  int total = 0;
  for (const int count : acknowledged) total += count;
  MESSAGE(kKills, " writers killed, ", total, " objects acknowledged");
}

TEST_CASE("disk: a file that may not grow is an I/O error, and the store is as it was before") {
  const test::ScratchStore scratch{kCatalogOnly};
  {
    store::Store store = scratch.open();
    add_text(store, "before",
             "what was there before the disk was full, and is there afterwards");
  }
  const std::uint64_t pack_bytes =
      fs::file_size(scratch.directory() + "/packs/pack-00000001.hpk");
  // In a child of its own, for the limit cannot be taken back.
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{200'000, 200'000};
    int status = 1;
    if (::setrlimit(RLIMIT_FSIZE, &limit) == 0) {
      store::Store store = scratch.open();
      AtomizeOptions options;
      options.compression = Compression::none;
      options.materialize = Materialize::none;
      std::string large;
      for (int i = 0; i < 100'000; ++i) large += std::to_string(i);
      status =
          static_cast<int>(fault_of([&] { add(store, "large", as_bytes(large), options); }));
    }
    ::_exit(status);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == static_cast<int>(Fault::io));
  CHECK(fs::file_size(scratch.directory() + "/packs/pack-00000001.hpk") == pack_bytes);
  store::Store store = scratch.open();
  check_store(store);
  CHECK(count(store, "tenant_object") == 1);
  CHECK(exported(store, "before").size() == 64);
  add_text(store, "after", "there is room again, and so this is taken by the very same store");
  CHECK(exported(store, "after").size() > 60);
}

TEST_CASE("writers: several at once take turns, and nothing of any of them is lost") {
  const test::ScratchStore scratch{kCatalogOnly};
  constexpr int kWriters = 3, kObjects = 10;
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const Fault fault = fault_of([&] {
        store::Store store{{scratch.directory(), "default", 60'000, true}};
        for (int index = 0; index < kObjects; ++index)
          add(store, name_of(writer, index), content(writer, index));
      });
      ::_exit(static_cast<int>(fault));
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
  store::Store store = scratch.open();
  check_store(store);
  CHECK(count(store, "tenant_object") == kWriters * kObjects);
  for (int writer = 0; writer < kWriters; ++writer) check_round(store, writer, kObjects);
}

TEST_CASE("readers: one that looks while another writes sees all of an object or none of it") {
  const test::ScratchStore scratch{kCatalogOnly};
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    store::Store store = scratch.open();
    for (int index = 0; index < 30; ++index) add(store, name_of(0, index), content(0, index));
    ::_exit(0);
  }
  int status = 0;
  int seen = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    store::Store reader = scratch.open("default", false);
    const store::Snapshot snapshot{reader.db()};
    const auto now = static_cast<int>(count(reader, "tenant_object"));
    CHECK(now >= seen);
    seen = now;
    if (now > 0) CHECK(exported(reader, name_of(0, now - 1)) == content(0, now - 1));
    CHECK(count(reader, "tenant_object") == now);
  }
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  store::Store reader = scratch.open("default", false);
  check_round(reader, 0, 30);
}

}  // namespace
}  // namespace hart::atom
