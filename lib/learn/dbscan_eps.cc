#include "learn/dbscan_eps.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "learn/dbscan.h"
#include "learn/disjoint_sets.h"
#include "learn/nearest_neighbors.h"

namespace hart::learn {
namespace {

using Index = std::uint32_t;

constexpr std::size_t kDimensionNeighbours = 8;
constexpr std::size_t kFewestCores = 5;  ///< of a cluster that counts
constexpr double kDensityRatio = 2;      ///< that clusters must outlast
constexpr double kFewestApart = 0.1;     ///< of all points
constexpr double kKneeWorth = 0.8;       ///< of the best, that makes the knee good enough

/// How dense the points lie.
struct Density {
  std::vector<double> core;  ///< (n), distance that holds min_points points, itself included
  double dimension = 1;      ///< intrinsic, at least 1
};

Density measure_density(Index n, const Distance& distance, const SeparationOptions& options) {
  const std::size_t core_at = options.min_points - 1;
  const std::size_t kept =
      std::min<std::size_t>(n - 1, std::max(core_at, kDimensionNeighbours));
  const std::size_t spanned = std::min(kept, kDimensionNeighbours);
  Density density;
  density.core.resize(n);
  // A row each, summed in their order: the sum must not depend on the threads.
  std::vector<double> logs(n);
  std::vector<std::size_t> terms(n);
  parallel_for(n, 1, options.threads, [&](std::size_t begin, std::size_t end) {
    NearestList nearest{kept};
    for (std::size_t i = begin; i < end; ++i) {
      nearest.clear();
      for (Index other = 0; other < n; ++other)
        if (other != i) nearest.offer(distance(static_cast<Index>(i), other), other);
      const auto items = nearest.items();
      density.core[i] = core_at == 0 ? 0 : items[core_at - 1].distance;
      for (std::size_t k = 0; k + 1 < spanned; ++k) {
        if (!(items[k].distance > options.smallest_eps)) continue;
        logs[i] += std::log(items[spanned - 1].distance / items[k].distance);
        ++terms[i];
      }
    }
  });
  double sum = 0, count = 0;
  for (Index i = 0; i < n; ++i) {
    sum += logs[i];
    count += static_cast<double>(terms[i]);
  }
  if (sum > 0) density.dimension = std::max(1.0, count / sum);
  return density;
}

/// Something that happens to the clusters at `eps`: points a and b, both cores by then, become
/// connected, or a becomes a core where both are the same.
struct Event {
  double eps;
  Index a, b;
};

/// The edges of the minimum spanning tree of mutual reachability distances. Source: R. C. Prim,
/// "Shortest connection networks and some generalizations", 1957, without a heap.
void add_tree(const std::vector<double>& core, const Distance& distance,
              std::vector<Event>& events) {
  std::vector<Event> open;  // a: the nearest point of the tree, b: one outside it
  for (Index i = 1; i < core.size(); ++i)
    open.push_back({std::numeric_limits<double>::infinity(), 0, i});
  for (Index added = 0; !open.empty();) {
    std::size_t nearest = 0;
    for (std::size_t i = 0; i < open.size(); ++i) {
      const Index other = open[i].b;
      const double reach = std::max(core[added], core[other]);
      if (reach < open[i].eps)
        if (const double apart = std::max(reach, distance(added, other)); apart < open[i].eps)
          open[i] = {apart, added, other};
      if (open[i].eps < open[nearest].eps) nearest = i;
    }
    events.push_back(open[nearest]);
    added = open[nearest].b;
    open[nearest] = open.back();
    open.pop_back();
  }
}

/// All that happens as eps grows, in ascending order of eps, cores before the edges that need
/// them.
std::vector<Event> events_of(const Density& density, const Distance& distance,
                             double smallest_eps) {
  std::vector<Event> events;
  for (Index i = 0; i < density.core.size(); ++i) events.push_back({density.core[i], i, i});
  add_tree(density.core, distance, events);
  for (Event& event : events) event.eps = std::max(event.eps, smallest_eps);
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& x, const Event& y) { return x.eps < y.eps; });
  return events;
}

/// What holds from `eps` to the next state's.
struct State {
  double eps;
  std::size_t cores;
  std::size_t apart;  ///< core points in clusters other than the largest
};

std::vector<State> states_of(Index n, const std::vector<Event>& events, std::size_t fewest) {
  DisjointSets sets{n};
  std::vector<std::size_t> sizes(n);
  std::size_t cores = 0, clustered = 0, largest = 0;
  const auto counted = [&](std::size_t size) { return size >= fewest ? size : 0; };
  std::vector<State> states;
  for (const Event& event : events) {
    const Index a = sets.find(event.a), b = sets.find(event.b);
    std::size_t size = 1;
    if (event.a == event.b) {
      ++cores;
    } else {
      size = sizes[a] + sizes[b];
      clustered -= counted(sizes[a]) + counted(sizes[b]);
      sets.unite(a, b);
    }
    sizes[std::min(a, b)] = size;
    clustered += counted(size);
    largest = std::max(largest, counted(size));
    if (states.empty() || states.back().eps < event.eps) states.push_back({event.eps, 0, 0});
    states.back().cores = cores;
    states.back().apart = clustered - largest;
  }
  return states;
}

/// The state that holds at `eps`, which is not below the first.
std::size_t state_at(const std::vector<State>& states, double eps) {
  const auto next =
      std::upper_bound(states.begin(), states.end(), eps,
                       [](double value, const State& state) { return value < state.eps; });
  return static_cast<std::size_t>(next - states.begin()) - 1;
}

std::vector<double> sorted(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values;
}

/// For each state the lowest count from its eps to `factor` times that.
std::vector<std::size_t> lowest_ahead(const std::vector<State>& states, double factor) {
  std::vector<std::size_t> lowest(states.size());
  std::deque<std::size_t> rising;  // states of the stretch, none before a lower one
  std::size_t end = 0;
  for (std::size_t i = 0; i < states.size(); ++i) {
    for (; end < states.size() && states[end].eps <= states[i].eps * factor; ++end) {
      while (!rising.empty() && states[rising.back()].apart >= states[end].apart)
        rising.pop_back();
      rising.push_back(end);
    }
    while (rising.front() < i) rising.pop_front();
    lowest[i] = states[rising.front()].apart;
  }
  return lowest;
}

}  // namespace

std::optional<Separation> separating_eps(Index n, const Distance& distance,
                                         const SeparationOptions& options) {
  if (options.min_points == 0) throw Error{Fault::usage, "min_points is 0"};
  if (!(options.smallest_eps > 0)) throw Error{Fault::usage, "smallest_eps is not positive"};
  const std::size_t fewest = std::max(options.min_points, kFewestCores);
  if (n < 2 * fewest) return std::nullopt;
  const Density density = measure_density(n, distance, options);
  const std::vector<State> states =
      states_of(n, events_of(density, distance, options.smallest_eps), fewest);
  const double factor = std::pow(kDensityRatio, 1 / density.dimension);
  const std::vector<std::size_t> worth = lowest_ahead(states, factor);
  const auto best = std::max_element(worth.begin(), worth.end());
  if (static_cast<double>(*best) < kFewestApart * n) return std::nullopt;
  double eps = states[static_cast<std::size_t>(best - worth.begin())].eps * std::sqrt(factor);
  const double knee = std::max(knee_of(sorted(density.core)), options.smallest_eps);
  if (static_cast<double>(worth[state_at(states, knee)]) >=
      kKneeWorth * static_cast<double>(*best))
    eps = knee;
  return Separation{eps, static_cast<double>(states[state_at(states, eps)].cores) / n};
}

}  // namespace hart::learn
