#include "index/cell_calibrate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <random>
#include <tuple>

#include "core/parallel.h"
#include "index/cell_pack.h"
#include "index/cell_scan.h"
#include "tensor/dot_matrix.h"
#include "tensor/vector.h"

namespace hart::index {
namespace {

/// Stored vectors that are used as queries, and how many of them choose the settings.
constexpr std::size_t kQueries = 500;
constexpr std::size_t kChoosing = 150;
/// Rows that are compared with all queries at a time.
constexpr std::size_t kRowsAtATime = 256;
constexpr std::array<std::uint32_t, 2> kCounts{10, 100};
constexpr std::array<float, 6> kTargets{0.8F, 0.9F, 0.95F, 0.98F, 0.99F, 0.995F};
constexpr float kMargin = 2.5F;
/// Share of the interval by which the measured recall must be above the target.
constexpr float kSafety = 0.25F;
constexpr float kCertain = 0.9995F;
/// What two sums of the same products may differ by.
constexpr float kRounding = 1e-6F;
/// How much more than the cheapest settings for the highest recall may still be tried.
constexpr double kPatience = 1.5;
/// From this recall on no more cells are tried.
constexpr double kEnough = 0.9975;
/// Depths of the rerank that are tried, in multiples of k.
constexpr std::array<double, 9> kDepths{1.5, 2, 3, 5, 8, 12, 20, 32, 64};
/// Estimates that are kept while depths are compared.
constexpr std::uint32_t kDeepest = 2000;

/// A stored vector as a query, and its true neighbours.
struct Sample {
  std::uint32_t position = 0;
  std::vector<float> query;
  std::vector<ScoredPosition> truth;  ///< nearest first
};

bool best_first(const ScoredPosition& a, const ScoredPosition& b) noexcept {
  return a.score != b.score ? a.score > b.score : a.position < b.position;
}

/// Settings that were tried on the sample.
struct Trial {
  CellSettings settings;
  std::uint64_t hits = 0;
  std::uint64_t work = 0;
  double recall = 0;
  double cost = 0;
};

class Calibrator {
 public:
  Calibrator(const CellFile& file, std::uint64_t seed, unsigned threads)
      : file_{file}, threads_{threads} {
    choose_samples(seed);
  }

  std::vector<CellCalibration> run() {
    std::vector<CellCalibration> calibrations;
    for (const std::uint32_t k : kCounts) {
      if (k >= file_.info().items) continue;
      const std::vector<Trial> trials = try_settings(k);
      for (const float target : kTargets) add_best(trials, k, target, calibrations);
    }
    return calibrations;
  }

 private:
  void choose_samples(std::uint64_t seed) {
    std::mt19937_64 random{seed};
    const std::size_t items = file_.info().items;
    samples_.resize(std::min(items, kQueries));
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const std::size_t chosen = samples_.size() == items ? i : random() % items;
      samples_[i].position = static_cast<std::uint32_t>(chosen);
      samples_[i].query = stored_query(file_, samples_[i].position);
    }
    find_truth();
  }

  /// Compares all queries with all vectors, each part of the queries on a thread of its own.
  void find_truth() {
    const std::size_t dims = file_.info().dims;
    parallel_for(samples_.size(), 32, threads_, [&](std::size_t begin, std::size_t end) {
      std::vector<float> queries;
      for (std::size_t i = begin; i < end; ++i)
        queries.insert(queries.end(), samples_[i].query.begin(), samples_[i].query.end());
      std::vector<float> rows(kRowsAtATime * dims);
      std::vector<float> products((end - begin) * kRowsAtATime);
      for (std::size_t first = 0; first < file_.info().items; first += kRowsAtATime) {
        const std::size_t n = std::min<std::size_t>(kRowsAtATime, file_.info().items - first);
        for (std::size_t r = 0; r < n; ++r)
          unpack_vector(file_.vector(first + r), file_.info().storage,
                        {rows.data() + r * dims, dims});
        tensor::dot_matrix(queries.data(), end - begin, rows.data(), n, dims, products.data());
        for (std::size_t i = begin; i < end; ++i)
          take_truth(samples_[i], first, {products.data() + (i - begin) * n, n});
      }
      for (std::size_t i = begin; i < end; ++i)
        std::sort(samples_[i].truth.begin(), samples_[i].truth.end(), best_first);
    });
  }

  void take_truth(Sample& sample, std::size_t first, std::span<const float> products) const {
    for (std::size_t r = 0; r < products.size(); ++r) {
      const auto position = static_cast<std::uint32_t>(first + r);
      if (position == sample.position) continue;
      const ScoreWeights weights = file_.weights(position);
      const ScoredPosition scored{products[r] * weights.scale + weights.offset, position};
      auto& truth = sample.truth;
      if (truth.size() < kCounts.back()) {
        truth.push_back(scored);
        std::push_heap(truth.begin(), truth.end(), best_first);
      } else if (best_first(scored, truth.front())) {
        std::pop_heap(truth.begin(), truth.end(), best_first);
        truth.back() = scored;
        std::push_heap(truth.begin(), truth.end(), best_first);
      }
    }
  }

  /// Numbers of cells to visit: about 1.5 times as many each.
  [[nodiscard]] std::vector<std::uint32_t> cell_counts() const {
    std::vector<std::uint32_t> counts;
    const auto all = static_cast<double>(file_.info().cells);
    for (double count = 1; count < all; count = std::max(count + 1, std::floor(count * 1.5)))
      counts.push_back(static_cast<std::uint32_t>(count));
    counts.push_back(static_cast<std::uint32_t>(all));
    return counts;
  }

  /// Tries every depth for ever more cells, until more find nothing more.
  [[nodiscard]] std::vector<Trial> try_settings(std::uint32_t k) {
    std::vector<Trial> trials;
    double least = std::numeric_limits<double>::infinity();
    for (const std::uint32_t cells : cell_counts()) {
      const std::vector<Trial> some = try_depths(k, cells);
      trials.insert(trials.end(), some.begin(), some.end());
      if (some.back().recall >= kEnough) break;
      for (const Trial& trial : some)
        if (trial.recall >= static_cast<double>(kTargets.back()))
          least = std::min(least, trial.cost);
      // The shallowest of ever more cells costs more than what already does.
      if (some.front().cost > kPatience * least) break;
    }
    return trials;
  }

  /// One scan shows what every depth would find: a true neighbour is found when its estimate
  /// ranks within the depth.
  [[nodiscard]] std::vector<Trial> try_depths(std::uint32_t k, std::uint32_t cells) {
    std::vector<Trial> trials;
    for (const double depth : kDepths) {
      const auto rerank = static_cast<std::uint32_t>(std::ceil(depth * k)) + 1;
      if (rerank <= std::max(kDeepest, 2 * k)) trials.push_back({{cells, rerank, kMargin}});
    }
    std::mutex adding;
    const std::size_t queries = std::min(kChoosing, samples_.size());
    parallel_for(queries, 16, threads_, [&](std::size_t begin, std::size_t end) {
      CellScanner scanner{file_};
      std::vector<Trial> part(trials.size());
      for (std::size_t i = begin; i < end; ++i) {
        ScanCounts counts;
        const auto estimates =
            scanner.estimate(samples_[i].query, trials.back().settings, counts);
        for (std::size_t t = 0; t < trials.size(); ++t)
          add_query(estimates, samples_[i], k, trials[t].settings, counts, part[t]);
      }
      const std::lock_guard lock{adding};
      for (std::size_t t = 0; t < trials.size(); ++t) {
        trials[t].hits += part[t].hits;
        trials[t].work += part[t].work;
      }
    });
    for (Trial& trial : trials) {
      trial.recall =
          static_cast<double>(trial.hits) / static_cast<double>(queries * wanted_of(k));
      trial.cost = static_cast<double>(trial.work) / static_cast<double>(queries);
    }
    return trials;
  }

  [[nodiscard]] std::size_t wanted_of(std::uint32_t k) const {
    return std::min<std::size_t>(k, file_.info().items - 1);
  }

  /// Adds what one query would find and cost. Whole numbers, so that the order of the additions
  /// does not matter.
  void add_query(std::span<const EstimatedPosition> estimates, const Sample& sample,
                 std::uint32_t k, const CellSettings& settings, const ScanCounts& counts,
                 Trial& trial) const {
    const float limit = sample.truth[wanted_of(k) - 1].score;
    const std::size_t kept = std::min<std::size_t>(settings.rerank, estimates.size());
    std::size_t hits = 0;
    std::size_t compared = 0;
    for (const EstimatedPosition& one : estimates.first(kept)) {
      if (one.estimate + settings.margin * one.deviation < limit) continue;
      ++compared;
      if (one.position == sample.position) continue;
      const auto truth_end = sample.truth.begin() + static_cast<std::ptrdiff_t>(wanted_of(k));
      if (std::any_of(sample.truth.begin(), truth_end, [&](const ScoredPosition& scored) {
            return scored.position == one.position;
          }))
        ++hits;
    }
    trial.hits += hits;
    trial.work += kCellCost * counts.cells + kCodeCost * counts.scanned +
                  kCompareCost * compared + kKeepCost * kept;
  }

  /// What `settings` find for the whole sample.
  [[nodiscard]] CellCalibration measure(std::uint32_t k, float target,
                                        const CellSettings& settings) {
    std::vector<double> recalls(samples_.size());
    parallel_for(recalls.size(), 16, threads_, [&](std::size_t begin, std::size_t end) {
      CellScanner scanner{file_};
      for (std::size_t i = begin; i < end; ++i)
        recalls[i] = recall_of(scanner, samples_[i], k, settings);
    });
    const auto n = static_cast<double>(recalls.size());
    double mean = 0;
    double square = 0;
    for (const double recall : recalls) mean += recall;
    mean /= n;
    for (const double recall : recalls) square += (recall - mean) * (recall - mean);
    const double interval = 1.96 * std::sqrt(square / n / n);
    return {k, target, static_cast<float>(mean), static_cast<float>(interval), settings};
  }

  static double recall_of(CellScanner& scanner, const Sample& sample, std::uint32_t k,
                          const CellSettings& settings) {
    ScanCounts counts;
    const auto found = scanner.search(sample.query, k + 1, settings, {}, counts);
    const std::size_t wanted = std::min<std::size_t>(k, sample.truth.size());
    // What ties with the farthest true neighbour is as good as what the truth happens to list;
    // the two products were added up in different orders.
    const float farthest = sample.truth[wanted - 1].score;
    const float limit = farthest - kRounding * (1 + std::fabs(farthest));
    std::size_t hits = 0;
    for (const ScoredPosition& scored : found)
      if (scored.position != sample.position && scored.score >= limit) ++hits;
    return static_cast<double>(std::min(hits, wanted)) / static_cast<double>(wanted);
  }

  /// The cheapest settings of which the sample leaves little doubt that they reach `target`,
  /// measured again on the whole sample.
  void add_best(const std::vector<Trial>& trials, std::uint32_t k, float target,
                std::vector<CellCalibration>& calibrations) {
    std::vector<const Trial*> enough;
    for (const Trial& trial : trials)
      if (trial.recall >= static_cast<double>(target)) enough.push_back(&trial);
    std::sort(enough.begin(), enough.end(), [](const Trial* a, const Trial* b) {
      return std::tie(a->cost, a->settings.cells) < std::tie(b->cost, b->settings.cells);
    });
    for (const Trial* trial : enough) {
      const CellCalibration whole = measure(k, target, trial->settings);
      const float wanted = target + kSafety * whole.interval;
      if (whole.measured < std::min(wanted, kCertain)) continue;
      calibrations.push_back(whole);
      return;
    }
  }

  const CellFile& file_;
  unsigned threads_;
  std::vector<Sample> samples_;
};

}  // namespace

std::vector<CellCalibration> calibrate(const CellFile& file, std::uint64_t seed,
                                       unsigned threads) {
  if (file.info().items < 2) return {};
  return Calibrator{file, seed, threads}.run();
}

}  // namespace hart::index
