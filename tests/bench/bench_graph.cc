// A walk of three hops over graphs of ten thousand edges, of shapes that are easy and hard for
// it, and a path. JSON lines, one a shape: the best and the median time of many runs.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "crypto/sha256.h"
#include "scratch_directory.h"
#include "search/graph.h"
#include "search/graph_path.h"
#include "store/catalog_writer.h"
#include "store/relation.h"

namespace {

using namespace hart;

using Edges = std::set<std::pair<std::size_t, std::size_t>>;

Edges random_edges(std::size_t atoms, std::size_t edges) {
  std::mt19937_64 random{1};
  Edges all;
  while (all.size() < edges) all.insert({random() % atoms, random() % atoms});
  return all;
}

/// A tenth of the atoms know the first one, and it knows them.
Edges hub_edges(std::size_t atoms, std::size_t edges) {
  Edges all;
  for (std::size_t i = 1; i < atoms / 10; ++i) {
    all.insert({0, i});
    all.insert({i, 0});
  }
  for (const auto& edge : random_edges(atoms, edges))
    if (all.size() < edges) all.insert(edge);
  return all;
}

/// Everything hangs on the first atom alone.
Edges star_edges(std::size_t, std::size_t edges) {
  Edges all;
  for (std::size_t i = 1; i <= edges / 2; ++i) {
    all.insert({0, i});
    all.insert({i, 0});
  }
  return all;
}

Edges clique_edges(std::size_t, std::size_t edges) {
  Edges all;
  std::size_t side = 1;
  while (side * side < edges) ++side;
  for (std::size_t i = 0; i < side; ++i)
    for (std::size_t j = 0; j < side; ++j) all.insert({i, j});
  return all;
}

/// Returns the atoms in the order of their numbers.
std::vector<std::int64_t> fill(store::Store& store, const Edges& edges) {
  std::size_t count = 0;
  for (const auto& [from, to] : edges) count = std::max({count, from + 1, to + 1});
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  std::vector<std::int64_t> atoms;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = "atom " + std::to_string(i);
    atoms.push_back(writer.put_atom({IdSpace::content, crypto::sha256(as_bytes(text))},
                                    store::AtomForm::inlined, as_bytes(text), text.size()));
    writer.hold_atom(atoms.back(), store::Modality::text, "word");
  }
  store::RelationWriter relations{store};
  std::mt19937_64 random{2};
  for (const auto& [from, to] : edges)
    relations.put(atoms[from], atoms[to], "near",
                  static_cast<double>(random() % 1'000 + 1) / 1'000);
  transaction.commit();
  return atoms;
}

std::vector<double> timed(std::size_t runs, const std::function<void()>& body) {
  std::vector<double> ms;
  for (std::size_t i = 0; i < runs; ++i) {
    const double begun = steady_seconds();
    body();
    ms.push_back((steady_seconds() - begun) * 1e3);
  }
  std::sort(ms.begin(), ms.end());
  return ms;
}

void measure(const std::string& shape, const Edges& edges, std::size_t runs) {
  const bench::ScratchDirectory directory;
  const store::SchemaModule modules[] = {store::catalog_schema()};
  store::Store::create(directory.store(), modules);
  store::Store store{{directory.store(), "default", 10'000, true}};
  const double begun = steady_seconds();
  const std::vector<std::int64_t> atoms = fill(store, edges);
  const double put_seconds = steady_seconds() - begun;
  const store::Snapshot snapshot{store.db()};
  search::WalkOptions options;
  std::size_t reached = 0;
  const auto walk_ms =
      timed(runs, [&] { reached = search::walk(store, atoms[0], options).size(); });
  search::PathSearch found;
  const auto path_ms = timed(std::min<std::size_t>(runs, 20), [&] {
    found = search::find_path(store, atoms[0], atoms.back(), {});
  });
  const Json line{{"type", "graph"},
                  {"shape", shape},
                  {"edges", edges.size()},
                  {"atoms", atoms.size()},
                  {"put_edges_per_s", static_cast<double>(edges.size()) / put_seconds},
                  {"hops", options.hops},
                  {"reached", reached},
                  {"walk_ms", walk_ms.front()},
                  {"walk_median_ms", walk_ms[walk_ms.size() / 2]},
                  {"path_ms", path_ms.front()},
                  {"path_expanded", found.expanded}};
  std::printf("%s\n", dump_json(line).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::string{argv[1]} == "--smoke";
  const std::size_t edges = smoke ? 500 : 10'000;
  const std::size_t runs = smoke ? 2 : 200;
  try {
    measure("random, 5 edges an atom", random_edges(edges / 5, edges), runs);
    measure("random, 20 edges an atom", random_edges(edges / 20, edges), runs);
    measure("a hub of a tenth", hub_edges(edges / 5, edges), runs);
    measure("star", star_edges(0, edges), runs);
    measure("clique", clique_edges(0, edges), runs);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_graph: %s\n", error.what());
    return 1;
  }
  return 0;
}
