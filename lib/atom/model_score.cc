#include "atom/model_score.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "atom/located_payload.h"
#include "atom/model_digest.h"
#include "atom/model_view.h"
#include "core/error.h"
#include "store/packs.h"
#include "tensor/convert.h"

namespace hart::atom {
namespace {

/// Elements decoded at a time, a multiple of every block.
constexpr std::uint64_t kChunk = 8192;
constexpr std::size_t kLanes = 4;

double finite_or_zero(float value) {
  return std::isfinite(value) ? static_cast<double>(value) : 0.0;
}

/// Σ term(value, index) in lanes, so that the compiler may use vectors.
template <typename Term> double sum_lanes(std::span<const float> values, const Term& term) {
  std::array<double, kLanes> lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] += term(static_cast<double>(values[i + lane]), i + lane);
  for (std::size_t lane = 0; i < values.size(); ++i, ++lane)
    lanes[lane] += term(static_cast<double>(values[i]), i);
  return std::accumulate(lanes.begin(), lanes.end(), 0.0);
}

/// Of a piece of one row. `norms` are those of its columns, or empty.
double sum_piece(std::span<float> values, std::span<const double> norms) {
  const auto sum = [&] {
    return norms.empty() ? sum_lanes(values, [](double w, std::size_t) { return w * w; })
                         : sum_lanes(values, [&](double w, std::size_t i) {
                             return std::abs(w) * norms[i];
                           });
  };
  const double first = sum();
  if (std::isfinite(first)) return first;
  for (float& value : values) value = static_cast<float>(finite_or_zero(value));
  return sum();
}

/// Whole rows where they fit a stored segment, else pieces of one row.
std::uint64_t run_elements(tensor::DType dtype, std::uint64_t columns) {
  const std::uint64_t most =
      std::max<std::uint64_t>(1, kSegmentBytes / run_bytes(dtype, kChunk)) * kChunk;
  return columns <= most ? most / columns * columns : most;
}

/// Sums of the rows that a run touches. A run begins at a row or lies within one.
std::vector<double> sum_run(tensor::DType dtype, ByteView bytes, const TensorRun& run,
                            std::uint64_t columns, std::span<const double> norms) {
  const std::uint64_t first_row = run.first / columns;
  const std::uint64_t last_row = (run.first + run.elements - 1) / columns;
  std::vector<double> sums(last_row - first_row + 1);
  std::array<float, kChunk> buffer;
  // A chunk never crosses the end of a row, and a row is whole blocks.
  for (std::uint64_t at = 0; at < run.elements;) {
    const std::uint64_t column = (run.first + at) % columns;
    const std::uint64_t count = std::min({kChunk, columns - column, run.elements - at});
    const std::span<float> values{buffer.data(), count};
    tensor::dequantize_row(dtype, bytes.subspan(run_bytes(dtype, at), run_bytes(dtype, count)),
                           values);
    sums[(run.first + at) / columns - first_row] +=
        sum_piece(values, norms.empty() ? norms : norms.subspan(column, count));
    at += count;
  }
  return sums;
}

std::string role_of(const CatalogTensor& tensor) {
  const LayerPlace place = place_of(tensor.name);
  return place.stack.empty() ? tensor.name
                             : std::string{place.stack} + ".*." + std::string{place.role};
}

/// The mean of the middle two of an even number.
double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

class Scorer {
 public:
  Scorer(store::Store& store, const CatalogModel& model, const ScoreOptions& options)
      : store_{store}, model_{model}, options_{options} {}

  std::vector<TensorScore> run() {
    std::optional<std::string> role;
    if (options_.only) role = role_of(named(*options_.only));
    for (std::size_t i = 0; i < model_.tensors.size(); ++i) {
      const CatalogTensor& tensor = model_.tensors[i];
      if (role && role_of(tensor) != *role) continue;
      if (is_weight_dtype(tensor.dtype) && tensor.elements() > 0) score(i);
    }
    normalize();
    if (options_.only)
      std::erase_if(scores_, [&](const TensorScore& score) {
        return model_.tensors[score.tensor].name != *options_.only;
      });
    return std::move(scores_);
  }

 private:
  const CatalogTensor& named(const std::string& name) const {
    for (const CatalogTensor& tensor : model_.tensors)
      if (tensor.name == name) return tensor;
    throw Error{Fault::no_input, model_.object.name + ": has no tensor '" + name + "'"};
  }
  void score(std::size_t index);
  void normalize();

  store::Store& store_;
  const CatalogModel& model_;
  const ScoreOptions& options_;
  std::vector<TensorScore> scores_;
};

void Scorer::score(std::size_t index) {
  const CatalogTensor& tensor = model_.tensors[index];
  std::vector<double> norms;
  if (options_.column_norms) {
    norms = options_.column_norms(tensor.name);
    if (norms.empty()) return;
  }
  RowSums sums = sum_rows(store_, tensor, norms, options_.threads);
  if (options_.progress) options_.progress(tensor.bytes);
  const bool squares = norms.empty();
  const auto measure = [&](double sum, double elements) {
    return squares ? std::sqrt(sum / elements) : sum / elements;
  };
  TensorScore result;
  result.tensor = index;
  result.score = measure(std::accumulate(sums.rows.begin(), sums.rows.end(), 0.0),
                         static_cast<double>(tensor.elements()));
  const bool wants_rows =
      options_.with_rows && (!options_.only || tensor.name == *options_.only);
  if (wants_rows)
    for (const double sum : sums.rows)
      result.row_importance.push_back(measure(sum, static_cast<double>(sums.columns)));
  scores_.push_back(std::move(result));
}

void Scorer::normalize() {
  std::map<std::string, std::vector<double>> by_role;
  for (const TensorScore& score : scores_)
    by_role[role_of(model_.tensors[score.tensor])].push_back(score.score);
  std::map<std::string, double> medians;
  for (const auto& [role, values] : by_role) medians[role] = median(values);
  for (TensorScore& score : scores_) {
    const double usual = medians.at(role_of(model_.tensors[score.tensor]));
    if (usual == 0) {
      std::fill(score.row_importance.begin(), score.row_importance.end(), 1.0);
      continue;
    }
    score.importance = score.score / usual;
    for (double& row : score.row_importance) row /= usual;
  }
}

}  // namespace

RowSums sum_rows(store::Store& store, const CatalogTensor& tensor,
                 std::span<const double> column_norms, unsigned threads) {
  RowSums sums;
  sums.columns = tensor.shape.empty() ? 1 : tensor.shape[0];
  const std::uint64_t elements = tensor.elements();
  if (!column_norms.empty() && column_norms.size() != sums.columns)
    throw Error{Fault::usage, "tensor '" + tensor.name +
                                  "': " + std::to_string(column_norms.size()) +
                                  " norms for rows of " + std::to_string(sums.columns)};
  if (elements == 0) return sums;
  sums.rows.resize(elements / sums.columns);
  const LocatedPayload payload{store, tensor.atom_id};
  const std::vector<TensorRun> runs =
      cut_runs(elements, run_elements(tensor.dtype, sums.columns));
  std::vector<std::vector<double>> parts(runs.size());
  for_each_run(runs.size(), threads, [&](PayloadWorker& worker, std::size_t i) {
    const ByteView bytes =
        payload.read(worker.decoder, run_bytes(tensor.dtype, runs[i].first),
                     run_bytes(tensor.dtype, runs[i].elements), worker.bytes);
    parts[i] = sum_run(tensor.dtype, bytes, runs[i], sums.columns, column_norms);
    if (bytes.data() != worker.bytes.data()) store::Packs::release(bytes);
  });
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (std::size_t row = 0; row < parts[i].size(); ++row)
      sums.rows[runs[i].first / sums.columns + row] += parts[i][row];
  return sums;
}

std::vector<TensorScore> score_tensors(store::Store& store, const CatalogModel& model,
                                       const ScoreOptions& options) {
  require_computable(model);
  return Scorer{store, model, options}.run();
}

std::vector<LayerScore> mean_by_layer(const CatalogModel& model,
                                      const std::vector<TensorScore>& scores) {
  std::vector<LayerScore> layers;
  std::vector<std::size_t> counts;
  for (const TensorScore& score : scores) {
    const std::string_view name = layer_of(model.tensors[score.tensor].name);
    if (name.empty()) continue;
    auto layer = std::find_if(layers.begin(), layers.end(),
                              [&](const LayerScore& one) { return one.name == name; });
    if (layer == layers.end()) {
      layer = layers.insert(layers.end(), {std::string{name}, 0});
      counts.push_back(0);
    }
    layer->importance += score.importance;
    ++counts[static_cast<std::size_t>(layer - layers.begin())];
  }
  for (std::size_t i = 0; i < layers.size(); ++i)
    layers[i].importance /= static_cast<double>(counts[i]);
  return layers;
}

std::vector<std::size_t> greatest(std::span<const double> values, std::size_t count) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  order.resize(std::min(count, order.size()));
  return order;
}

std::vector<std::size_t> least(std::span<const double> values, std::size_t count) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  order.resize(std::min(count, order.size()));
  return order;
}

}  // namespace hart::atom
