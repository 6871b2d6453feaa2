#include "prov/sync/sync_target.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "prov/sync/child_process.h"
#include "store/file_io.h"
#include "sync_fixture.h"

namespace hart::prov {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

/// Each leaf that stands in the files of a folder, and how often.
std::map<std::uint64_t, int> leaves_in(const std::string& folder) {
  std::map<std::uint64_t, int> found;
  for (const auto& entry : fs::directory_iterator{folder}) {
    if (entry.path().extension() != ".jsonl") continue;
    std::ifstream lines{entry.path()};
    for (std::string line; std::getline(lines, line);)
      ++found[Json::parse(line).at("leaf_index").get<std::uint64_t>()];
  }
  return found;
}

/// The disk of a process that is killed: from one operation on, none happens any more.
class DyingIo : public store::FileIo {
 public:
  explicit DyingIo(int operations) : left_{operations} {}

  std::unique_ptr<store::File> open(const std::string& path, Mode mode) override {
    if (mode != Mode::read) live();
    return store::posix_file_io().open(path, mode);
  }
  bool remove(const std::string& path) override {
    live();
    return store::posix_file_io().remove(path);
  }
  void rename(const std::string& from, const std::string& to) override {
    live();
    store::posix_file_io().rename(from, to);
  }
  void sync_directory(const std::string& directory) override {
    live();
    store::posix_file_io().sync_directory(directory);
  }
  [[nodiscard]] bool is_dead() const noexcept { return left_ < 0; }

 private:
  void live() {
    if (--left_ < 0) throw Error{Fault::io, "the process was killed"};
  }
  int left_;
};

/// Delivers to a folder in batches of two; false when it was killed.
bool deliver_to_folder(test::SyncSample& sample, const std::string& folder) {
  try {
    const auto target = folder_target(folder, "default", "jsonl");
    SyncOptions options;
    options.records = 2;
    (void)test::SyncRun{sample, *target, options}.synchronizer.run();
    return true;
  } catch (const Error& error) {
    if (error.fault() != Fault::io) throw;
    return false;
  }
}

TEST_CASE("sync to a folder: killed at any operation, nothing is lost and nothing doubled") {
  for (int operations = 0;; ++operations) {
    CAPTURE(operations);
    const exports::test::ScratchFolder scratch;
    const std::string folder = scratch.path() + "/out";
    test::SyncSample sample{5};
    DyingIo dying{operations};
    bool ended = false;
    {
      const store::FileIoOverride override{dying};
      ended = deliver_to_folder(sample, folder);
    }
    // Meanwhile the log grows, so that the batches would be others.
    sample.add(1);
    REQUIRE(deliver_to_folder(sample, folder));
    const auto found = leaves_in(folder);
    CHECK(found.size() == 6);
    CHECK(std::ranges::all_of(found, [](const auto& one) { return one.second == 1; }));
    for (const auto& entry : fs::directory_iterator{folder})
      CHECK(entry.path().extension() != ".partial");
    if (ended && !dying.is_dead()) break;
    REQUIRE(operations < 200);
  }
}

TEST_CASE("sync to a folder: a checkpoint that was lost is found in the folder") {
  const exports::test::ScratchFolder scratch;
  const std::string folder = scratch.path() + "/out";
  test::SyncSample sample{4};
  const auto target = folder_target(folder, "default", "jsonl");
  SyncOptions options;
  options.restart = true;
  (void)test::SyncRun{sample, *target, options}.synchronizer.run();
  CHECK(target->position() == 4);
  CHECK(test::SyncRun{sample, *target, options}.synchronizer.run().receipts == 0);
  CHECK(folder_target(folder, "another/tenant", "jsonl", true)->position() == 0);
  CHECK_THROWS_AS((void)folder_target(folder, "default", "jsonl"), Error);
  CHECK(fs::exists(folder + "/default-0000000000000000-0000000000000003.jsonl"));
}

TEST_CASE("sync to a folder: a segment is never written again") {
  const exports::test::ScratchFolder scratch;
  const auto target = folder_target(scratch.path(), "a/b c", "jsonl");
  CHECK(target->deliver({0, 1, "first"}).outcome == Delivery::Outcome::accepted);
  CHECK(target->deliver({0, 1, "second"}).outcome == Delivery::Outcome::accepted);
  CHECK(text_of(scratch.path() + "/a%2Fb%20c-0000000000000000-0000000000000001.jsonl") ==
        "first");
}

TEST_CASE("sync to a folder: looking at one makes nothing") {
  const exports::test::ScratchFolder scratch;
  const std::string folder = scratch.path() + "/none";
  CHECK(folder_target(folder, "default", "jsonl", true)->position() == 0);
  CHECK(!fs::exists(folder));
}

TEST_CASE("sync to a command: its status decides, and its input is the batch") {
  const exports::test::ScratchFolder scratch;
  const std::string file = scratch.path() + "/got";
  const auto outcome = [&](const std::string& script) {
    return command_target({"sh", "-c", script, "sh", file})->deliver({0, 0, "line\n"});
  };
  CHECK(outcome("cat > \"$1\"").outcome == Delivery::Outcome::accepted);
  CHECK(text_of(file) == "line\n");
  const Delivery refused = outcome("exit 3");
  CHECK(refused.outcome == Delivery::Outcome::refused);
  CHECK(refused.reason == "the command ended with status 3");
  CHECK(outcome("kill -9 $$").outcome == Delivery::Outcome::refused);
  CHECK(outcome("exit 75").outcome == Delivery::Outcome::unavailable);
  CHECK(outcome("exit 69").outcome == Delivery::Outcome::unavailable);
  try {
    (void)command_target({"hart-no-such-program"})->deliver({0, 0, ""});
    FAIL("a program that is not there was run");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::unavailable);
  }
}

TEST_CASE("sync to a command: one that stops reading does not end us") {
  const std::string much(4 << 20, 'x');
  CHECK(run_child({"true"}, {}, much).code == 0);
  const ChildStatus status = run_child({"sh", "-c", "head -c 5 > /dev/null; exit 7"}, {}, much);
  CHECK(status.code == 7);
  CHECK(status.text() == "ended with status 7");
}

TEST_CASE("child process: arguments are not split, and the environment is added to") {
  CHECK(run_child({"sh", "-c",
                   "test \"$1\" = 'a b;c' && test \"$HART_X\" = 'y z' &&"
                   " test -n \"$PATH\"",
                   "sh", "a b;c"},
                  {{"HART_X", "y z"}}, "")
            .code == 0);
}

TEST_CASE("sync to a database: no password stands where it is kept or shown") {
  CHECK(without_password("postgresql://me:secret@host/db?a=b") ==
        "postgresql://me@host/db?a=b");
  CHECK(without_password("postgresql://me@host:5432/db") == "postgresql://me@host:5432/db");
  CHECK(without_password("postgresql://host/db?x=a:b@c") == "postgresql://host/db?x=a:b@c");
  CHECK(without_password("postgresql:///db") == "postgresql:///db");
  CHECK(is_postgres_url("postgres://h"));
  CHECK(!is_postgres_url("dir:postgresql://h"));
}

SyncRecord sample_record() {
  SyncRecord record;
  record.leaf_index = 7;
  record.nodes.push_back(
      {1,
       {"Evidence"},
       {{"evidence_id", "e\t1"}, {"content", std::string{"a\0b\\u0000\n", 10}}},
       {}});
  record.nodes[0].name = exports::node_name(1, {"Evidence"}, record.nodes[0].properties);
  record.edges.push_back({{3, 1, 1, 0},
                          "USED_ATOM",
                          {{"sequence", std::int64_t{2}}},
                          record.nodes[0].name,
                          record.nodes[0].name});
  return record;
}

TEST_CASE("sync encodings: JSON lines name nodes and relationships the same each time") {
  const auto encoding = json_lines_encoding("default");
  const EncodedRecord encoded = encoding->encode(sample_record());
  const std::string text = encoding->assemble({{encoded}});
  REQUIRE(text.back() == '\n');
  const Json json = Json::parse(text);
  CHECK(json.begin().key() == "type");
  CHECK(json.at("leaf_index") == 7);
  CHECK(json.at("nodes").at(0).at("name") == "evidence/e\t1");
  CHECK(json.at("edges").at(0).at("name") ==
        "evidence/e\t1-[USED_ATOM sequence=2]->evidence/e\t1");
  CHECK(encoded.size() == text.size());
}

TEST_CASE("sync encodings: SQL has no byte that COPY or jsonb takes for something else") {
  const auto encoding = sql_encoding("default");
  const std::string text = encoding->assemble({{encoding->encode(sample_record())}});
  // In JSON a tab is \t and a backslash \\; COPY doubles each backslash.
  CHECK(text.find("default\tevidence/e\\t1\t[\"Evidence\"]\t{\"content\":"
                  "\"a\uFFFDb\\\\\\\\u0000\\\\n\",\"evidence_id\":\"e\\\\t1\"}\n") !=
        std::string::npos);
  CHECK(text.starts_with("SET client_min_messages"));
  CHECK(text.ends_with("COMMIT;\n"));
}

TEST_CASE("sync encodings: Cypher puts the constraints before all batches once") {
  const auto encoding = cypher_encoding();
  const EncodedRecord encoded = encoding->encode(sample_record());
  const std::string text = encoding->assemble(std::vector<EncodedRecord>{encoded, encoded});
  CHECK(text.starts_with("CREATE CONSTRAINT"));
  CHECK(text.find("CREATE CONSTRAINT", text.find("UNWIND")) == std::string::npos);
  CHECK(text.find("{sequence: row.p.sequence}") != std::string::npos);
}

}  // namespace
}  // namespace hart::prov
