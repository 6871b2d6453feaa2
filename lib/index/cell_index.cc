#include "index/cell_index.h"

#include <sqlite3.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "core/error.h"
#include "index/cell_delta.h"
#include "index/cell_file.h"
#include "index/cell_scan.h"
#include "tensor/vector.h"

namespace hart::index {
namespace {

using store::Statement;

/// Positions that a filter admits, derived once for a set of atoms.
struct Admitted {
  std::uint64_t serial = 0;
  std::uint64_t removals = 0;  ///< as of
  std::vector<std::uint32_t> positions;
  std::vector<std::uint32_t> by_cell;  ///< how many of the cell's own
  PositionSet set{0};
};

/// Nearest that have to be looked at for `k` to be right after they were compared exactly.
std::size_t compared_exactly(VectorStorage storage, std::size_t k) {
  switch (storage) {
    case VectorStorage::f32:
      return k;
    case VectorStorage::f16:
      return k + k / 4 + 4;
    case VectorStorage::int8:
      return 2 * k + 16;
  }
  return k;
}

}  // namespace

struct CellIndex::Impl {
  Impl(store::Store& store, const store::EmbeddingModel& embedding_model, IndexInfo index_info)
      : info{std::move(index_info)},
        model{embedding_model},
        file{generation_file(store, info.kind, info.generation)},
        scanner{file},
        delta{store, model, file},
        find_vector{store.db().prepare(
            "SELECT vector FROM my_atom_embedding WHERE atom_embedding_id = ?1")} {
    const CellFileInfo& said = file.info();
    if (said.generation != info.generation || said.tenant_id != store.tenant_id() ||
        said.embedding_model_id != info.embedding_model_id ||
        said.last_embedding_id != info.last_embedding_id ||
        static_cast<std::int64_t>(said.items) != info.items ||
        static_cast<std::int64_t>(said.dims) != model.dims)
      throw Error{Fault::data, "the cell index file is not the one that the catalog names"};
  }

  const CellCalibration* calibration(std::size_t k, double recall) const;
  CellSettings settings_for(std::size_t k, double recall, CellReport& report) const;
  std::span<const ScoredPosition> scan(const VectorQuery& query, std::size_t k, double recall,
                                       CellReport& report);
  std::span<const ScoredPosition> scan_admitted(const VectorQuery& query, std::size_t k,
                                                const CellSettings& settings,
                                                CellReport& report, ScanCounts& counts);
  const Admitted& admitted_by(const AtomSet& allowed);
  Neighbor compared(const DistanceFrom& distance, std::uint32_t position);

  IndexInfo info;
  store::EmbeddingModel model;
  CellFile file;
  CellScanner scanner;
  CellDelta delta;
  Statement find_vector;
  Admitted admitted;
  std::vector<float> direction;  ///< the query as it is compared
  std::vector<float> row;
};

/// The least demanding one that covers `k` and reaches `recall`.
const CellCalibration* CellIndex::Impl::calibration(std::size_t k, double recall) const {
  const CellCalibration* best = nullptr;
  for (const CellCalibration& candidate : file.calibrations()) {
    if (candidate.k < k || static_cast<double>(candidate.target) < recall - 1e-6) continue;
    if (best == nullptr ||
        std::pair{candidate.k, candidate.target} < std::pair{best->k, best->target})
      best = &candidate;
  }
  return best;
}

CellSettings CellIndex::Impl::settings_for(std::size_t k, double recall,
                                           CellReport& report) const {
  if (const CellCalibration* found = calibration(k, recall)) {
    report.expected_recall = static_cast<double>(found->measured);
    return found->settings;
  }
  CellSettings deepest;
  for (const CellCalibration& candidate : file.calibrations()) {
    deepest.cells = std::max(deepest.cells, candidate.settings.cells);
    deepest.rerank = std::max(deepest.rerank, candidate.settings.rerank);
  }
  deepest.cells = std::max(deepest.cells, static_cast<std::uint32_t>(file.info().cells));
  deepest.rerank = std::max(
      deepest.rerank, static_cast<std::uint32_t>(std::min<std::size_t>(8 * k + 100, 1U << 30)));
  deepest.margin = 4;
  return deepest;
}

const Admitted& CellIndex::Impl::admitted_by(const AtomSet& allowed) {
  if (admitted.serial == allowed.serial() && admitted.serial != 0 &&
      admitted.removals == delta.removals())
    return admitted;
  admitted = {allowed.serial(), delta.removals(), {}, {}, PositionSet{file.info().items}};
  const auto atoms = file.atom_ids();
  const auto by_atom = file.by_atom();
  auto at = by_atom.begin();
  for (const std::int64_t atom_id : allowed.ids()) {
    at = std::lower_bound(at, by_atom.end(), atom_id,
                          [&](std::uint32_t position, std::int64_t id) {
                            return position < atoms.size() && atoms[position] < id;
                          });
    if (at == by_atom.end()) break;
    if (*at >= atoms.size() || atoms[*at] != atom_id || delta.removed(*at)) continue;
    admitted.positions.push_back(*at);
    admitted.set.add(*at);
  }
  std::sort(admitted.positions.begin(), admitted.positions.end());
  admitted.by_cell.resize(file.info().cells);
  const auto first = file.first_positions();
  std::size_t cell = 0;
  for (const std::uint32_t position : admitted.positions) {
    while (position >= first[cell + 1]) ++cell;
    ++admitted.by_cell[cell];
  }
  return admitted;
}

std::span<const ScoredPosition> CellIndex::Impl::scan(const VectorQuery& query, std::size_t k,
                                                      double recall, CellReport& report) {
  direction.assign(query.vector.begin(), query.vector.end());
  if (file.info().metric == Metric::cosine) tensor::normalize(direction);
  const CellSettings settings = settings_for(query.k, recall, report);
  ScanCounts counts;
  const auto found = query.allowed != nullptr
                         ? scan_admitted(query, k, settings, report, counts)
                         : scanner.search(direction, k, settings, {delta.live(), {}}, counts);
  report.cells += counts.cells;
  report.scanned += counts.scanned;
  report.pruned += counts.pruned;
  report.reranked += counts.reranked;
  return found;
}

std::span<const ScoredPosition> CellIndex::Impl::scan_admitted(const VectorQuery& query,
                                                               std::size_t k,
                                                               const CellSettings& settings,
                                                               CellReport& report,
                                                               ScanCounts& counts) {
  const Admitted& some = admitted_by(*query.allowed);
  const auto cells = static_cast<double>(file.info().cells);
  const double selectivity =
      static_cast<double>(some.positions.size()) / static_cast<double>(file.info().items);
  const double visited =
      std::min(cells, kFilteredBreadth * settings.cells / std::max(selectivity, 1e-9));
  const double codes_per_cell =
      static_cast<double>(file.info().blocks * kCodesPerBlock) / cells;
  const double scan_cost = visited * (kCellCost + kCodeCost * codes_per_cell);
  report.filter_first = static_cast<double>(some.positions.size()) * kCompareCost < scan_cost;
  if (report.filter_first) {
    report.expected_recall = 1;
    return scanner.search_positions(direction, k, some.positions, counts);
  }
  report.expected_recall.reset();
  return scanner.search(direction, k, settings, {&some.set, some.by_cell}, counts);
}

Neighbor CellIndex::Impl::compared(const DistanceFrom& distance, std::uint32_t position) {
  const std::int64_t atom_id = file.atom_ids()[position];
  const std::int64_t embedding_id = file.embedding_ids()[position];
  const auto dims = static_cast<std::size_t>(file.info().dims);
  if (file.info().storage == VectorStorage::f32)
    return {distance({reinterpret_cast<const float*>(file.vector(position)), dims}), atom_id,
            embedding_id};
  row.resize(dims);
  find_vector.with(embedding_id);
  if (!find_vector.step() || find_vector.blob(0).size() != dims * sizeof(float))
    throw Error{Fault::data, "the cell index names a vector that the catalog does not hold"};
  std::memcpy(row.data(), find_vector.blob(0).data(), dims * sizeof(float));
  find_vector.reset();
  return {distance(row), atom_id, embedding_id};
}

CellIndex::CellIndex(store::Store& store, const store::EmbeddingModel& model,
                     const IndexInfo& info) {
  require_generation(store, info);
  impl_ = std::make_unique<Impl>(store, model, info);
  refresh(store);
}

CellIndex::~CellIndex() = default;
CellIndex::CellIndex(CellIndex&&) noexcept = default;
CellIndex& CellIndex::operator=(CellIndex&&) noexcept = default;

void CellIndex::refresh(store::Store& store) {
  impl_->delta.refresh(store);
}

const IndexInfo& CellIndex::info() const noexcept {
  return impl_->info;
}

std::string CellIndex::reason_against(Metric metric, std::size_t k, double recall) const {
  const CellFileInfo& file = impl_->file.info();
  if (metric != file.metric && !file.unit)
    return "the cell index was built for the metric " + std::string{metric_name(file.metric)};
  if (impl_->calibration(k, 0) == nullptr)
    return "the cell index's recall is not known for " + std::to_string(k) + " neighbours";
  if (impl_->calibration(k, recall) == nullptr)
    return "the cell index was not found to reach the recall asked for";
  return {};
}

std::vector<Neighbor> CellIndex::search(const VectorQuery& query, double recall,
                                        CellReport* report) {
  require_vector(impl_->model, query.vector);
  CellReport ignored;
  CellReport& said = report == nullptr ? ignored : *report;
  const std::size_t spare = query.left_out_atom != 0 ? 1 : 0;
  const std::size_t wanted = compared_exactly(impl_->file.info().storage, query.k + spare);
  TopK nearest{query.k};
  const DistanceFrom distance{query.metric, query.vector};
  for (const ScoredPosition& scored : impl_->scan(query, wanted, recall, said)) {
    if (impl_->file.atom_ids()[scored.position] == query.left_out_atom) continue;
    nearest.offer(impl_->compared(distance, scored.position));
  }
  scan_block(impl_->delta.added(), query, 1, nearest);
  said.delta += impl_->delta.added().size();
  return nearest.sorted();
}

}  // namespace hart::index
