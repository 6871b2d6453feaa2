// Clusters and anomalies of numbers in memory. Prints JSON lines.
//
//   bench_cluster [--smoke] [--write FILE]
//
// --write puts the points into FILE, (n, 3) binary64 little-endian, for a peer to read:
// bench_cluster_peer.py does.

#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <string_view>

#include "core/json.h"
#include "learn/anomaly.h"
#include "learn/dbscan.h"

namespace {

using namespace hart;

/// A thousand blobs of many densities in a cube, and one point in ten anywhere.
std::vector<double> make_points(std::size_t n) {
  std::mt19937_64 random{2026};
  std::uniform_real_distribution<double> anywhere{-1, 1};
  std::normal_distribution<double> normal;
  constexpr std::size_t kBlobs = 1000;
  std::vector<double> centres(3 * kBlobs), spreads(kBlobs), points;
  for (double& x : centres) x = anywhere(random);
  for (double& x : spreads) x = 0.005 * std::exp(normal(random) / 2);
  points.reserve(3 * n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t blob = random() % kBlobs;
    for (std::size_t c = 0; c < 3; ++c)
      points.push_back(i % 10 == 0 ? anywhere(random)
                                   : centres[3 * blob + c] + spreads[blob] * normal(random));
  }
  return points;
}

/// Of one thread: other programs on the machine make the first longer and not the second.
struct Times {
  double seconds;
  double cpu_seconds;
};

Times times_of(const std::function<void()>& work) {
  const std::clock_t cpu = std::clock();
  const auto start = std::chrono::steady_clock::now();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC};
}

void print(const Json& line) {
  std::printf("%s\n", dump_json(line).c_str());
  std::fflush(stdout);
}

void bench_dbscan(const std::vector<double>& points, double eps, std::size_t min_points) {
  learn::DbscanResult result;
  const Times times = times_of([&] { result = learn::dbscan(points, {eps, min_points, 1}); });
  std::size_t noise = 0;
  for (const std::int32_t label : result.labels) noise += label == learn::kNoise ? 1 : 0;
  print({{"type", "bench"},
         {"name", "dbscan"},
         {"points", points.size() / 3},
         {"eps", eps},
         {"min_points", min_points},
         {"threads", 1},
         {"seconds", times.seconds},
         {"cpu_seconds", times.cpu_seconds},
         {"clusters", result.clusters},
         {"noise", noise}});
}

void bench_anomalies(const std::vector<double>& points, learn::AnomalyMethod method) {
  learn::AnomalyOptions options;
  options.method = method;
  double top = 0;
  const Times times =
      times_of([&] { top = learn::find_anomalies(points, 3, options).at(0).score; });
  print({{"type", "bench"},
         {"name", learn::anomaly_method_name(method)},
         {"points", points.size() / 3},
         {"threads", 1},
         {"seconds", times.seconds},
         {"cpu_seconds", times.cpu_seconds},
         {"top_score", top}});
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t n = 1'000'000;
  std::string file;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view{argv[i]} == "--smoke") n = 5'000;
    if (std::string_view{argv[i]} == "--write" && i + 1 < argc) file = argv[++i];
  }
  const std::vector<double> points = make_points(n);
  if (!file.empty())
    std::ofstream{file, std::ios::binary}.write(
        reinterpret_cast<const char*>(points.data()),
        static_cast<std::streamsize>(points.size() * sizeof(double)));
  for (const double eps : {0.002, 0.005, 0.02}) bench_dbscan(points, eps, 5);
  bench_anomalies(points, learn::AnomalyMethod::forest);
  bench_anomalies(points, learn::AnomalyMethod::lof);
  return 0;
}
