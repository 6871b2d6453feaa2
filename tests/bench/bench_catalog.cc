// What the catalog costs: a lookup, an insert in a batch, the start of a tool. Prints JSON
// lines.

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "core/clock.h"
#include "crypto/sha256.h"
#include "store/catalog_writer.h"

extern char** environ;

namespace {

using namespace hart;

void print(const char* what, std::size_t n, double value, const char* unit) {
  std::printf("{\"type\":\"bench\",\"what\":\"%s\",\"n\":%zu,\"%s\":%.3f}\n", what, n, unit,
              value);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::vector<Id> make_ids(std::size_t n, unsigned seed) {
  std::vector<Id> ids(n);
  for (std::size_t i = 0; i < n; ++i)
    ids[i].hash = crypto::sha256(as_bytes(std::to_string(seed) + "/" + std::to_string(i)));
  return ids;
}

/// Microseconds an atom, the commit included.
double insert(store::Store& store, const std::vector<Id>& ids) {
  const double start = steady_seconds();
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  for (const Id& id : ids) {
    const std::int64_t atom =
        writer.put_atom(id, store::AtomForm::inlined, ByteView{id.hash}.first(8), 8);
    writer.hold_atom(atom, store::Modality::text, "word");
  }
  transaction.commit();
  return (steady_seconds() - start) * 1e6 / static_cast<double>(ids.size());
}

/// Microseconds a lookup, inside one snapshot.
double look_up(store::Store& store, std::vector<Id> ids) {
  std::shuffle(ids.begin(), ids.end(), std::mt19937{1});
  const store::Snapshot snapshot{store.db()};
  store::AtomLookup lookup{store};
  const double start = steady_seconds();
  std::size_t found = 0;
  for (const Id& id : ids) found += lookup.find(id).has_value();
  const double seconds = steady_seconds() - start;
  if (found != ids.size()) std::fprintf(stderr, "lookups failed\n");
  return seconds * 1e6 / static_cast<double>(ids.size());
}

/// Milliseconds from the start of a tool to its end.
double start_up(const std::string& tool, const std::vector<std::string>& arguments) {
  std::vector<char*> argv{const_cast<char*>(tool.c_str())};
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  ::posix_spawn_file_actions_init(&quiet);
  ::posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<double> runs;
  for (int run = 0; run < 21; ++run) {
    const double start = steady_seconds();
    pid_t child = 0;
    if (::posix_spawn(&child, tool.c_str(), &quiet, nullptr, argv.data(), environ) != 0)
      return -1;
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) return -1;
    runs.push_back((steady_seconds() - start) * 1e3);
  }
  ::posix_spawn_file_actions_destroy(&quiet);
  return median(runs);
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  const std::size_t n = smoke ? 2'000 : 200'000;
  std::string parent = (std::filesystem::temp_directory_path() / "hart-bench-XXXXXX").string();
  if (::mkdtemp(parent.data()) == nullptr) return 1;
  const std::string directory = parent + "/bench.hart";
  const store::SchemaModule modules[] = {store::catalog_schema()};
  store::Store::create(directory, modules);
  {
    store::Store store{{directory, "default", 30'000, true}};
    const auto base = make_ids(n, 0);
    print("insert into an empty store", n, insert(store, base), "us_per_atom");
    auto more = make_ids(n, 1);
    print("insert, keys as they come", n, insert(store, more), "us_per_atom");
    auto sorted = make_ids(n, 2);
    std::sort(sorted.begin(), sorted.end());
    print("insert, keys sorted", n, insert(store, sorted), "us_per_atom");
    print("insert again, all there", n, insert(store, base), "us_per_atom");
    print("lookup", n, look_up(store, base), "us_per_lookup");
  }
  const std::string tool = (std::filesystem::read_symlink("/proc/self/exe").parent_path() /
                            "../../tools/hart-ingest")
                               .lexically_normal();
  if (std::filesystem::exists(tool)) {
    print("start of hart-ingest --version", 21, start_up(tool, {"--version", "-q"}), "ms");
    print("start of hart-ingest ls", 21,
          start_up(tool, {"ls", "--limit", "0", "--store", directory}), "ms");
  }
  std::filesystem::remove_all(parent);
  return 0;
}
