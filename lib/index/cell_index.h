#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "index/exact.h"
#include "index/generation.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::index {

/// How the vectors of a cell index are kept for the rerank.
enum class VectorStorage : std::uint32_t { f32 = 0, f16 = 1, int8 = 2 };

/// How the cell of a vector is found while an index is built: by comparing it with all cells,
/// or with those that one-bit codes say are near.
enum class CellAssignment : std::uint8_t { automatic, compared, coded };

struct CellBuildOptions {
  Metric metric = Metric::cosine;  ///< unit vectors are answered under every metric
  VectorStorage storage = VectorStorage::f32;
  std::size_t cells = 0;                                  ///< 0: from the number of vectors
  CellAssignment assignment = CellAssignment::automatic;  ///< coded where there are many cells
  std::uint64_t seed = 1;
  unsigned threads = 1;
};

/// Builds the next generation of the cell index over the tenant's vectors of `model`,
/// calibrates it on a sample and publishes it with its measured recall. Progress and errors as
/// for `build_index`.
IndexInfo build_cell_index(store::Store& store, const store::EmbeddingModel& model,
                           const CellBuildOptions& options,
                           const std::function<void(std::uint64_t)>& progress = {});

/// How a query was answered.
struct CellReport {
  std::uint64_t cells = 0;     ///< visited
  std::uint64_t scanned = 0;   ///< codes compared
  std::uint64_t pruned = 0;    ///< of these, left out by the bound of their estimate
  std::uint64_t reranked = 0;  ///< vectors compared exactly
  std::uint64_t delta = 0;     ///< vectors newer than the generation, compared exactly
  bool filter_first = false;   ///< few atoms were admitted: each of them was compared
  /// Measured for the settings that were used; nothing beyond the calibration and under a
  /// filter, but for one that admits so few that each was compared.
  std::optional<double> expected_recall;
};

/// An opened generation: a mapped file, what was removed since it was built, and the vectors
/// that were added since. Not for use by several threads at once.
class CellIndex {
 public:
  /// Opens the generation that `info` names by mapping its file. Throws Error(data) when it is
  /// damaged or out of step with the catalog, Error(no_input) when the file is gone.
  CellIndex(store::Store& store, const store::EmbeddingModel& model, const IndexInfo& info);
  ~CellIndex();
  CellIndex(CellIndex&&) noexcept;
  CellIndex& operator=(CellIndex&&) noexcept;

  /// Takes in what the acting tenant added and removed since. Cheap when nothing changed. Call
  /// inside the Snapshot that the rest of the query reads.
  void refresh(store::Store& store);

  [[nodiscard]] const IndexInfo& info() const noexcept;

  /// Why it cannot answer with a known recall of at least `recall`: another metric, a k beyond
  /// the calibration, a recall never reached. Empty when it can.
  [[nodiscard]] std::string reason_against(Metric metric, std::size_t k, double recall) const;

  /// The nearest vectors, nearest first, with probes and rerank depth calibrated for `recall`;
  /// beyond what was calibrated the deepest settings are used. Distances are exact.
  /// Precondition: `reason_against` names no other metric.
  [[nodiscard]] std::vector<Neighbor> search(const VectorQuery& query, double recall,
                                             CellReport* report = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hart::index
