#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "atom/model_catalog.h"

namespace hart::atom {

/// What a row of a tensor amounts to. Rows run along the innermost dimension, all outer ones
/// flattened.
struct RowSums {
  std::vector<double> rows;   ///< of each row, the sum over its elements
  std::uint64_t columns = 0;  ///< elements of a row
};

/// Σ w² of each row of a tensor; with `column_norms` (columns), Σ |w| × norm instead, the
/// measure of Wanda. Elements that are not finite count as 0. Streams: about 6 MiB a thread,
/// and 8 bytes a row. The same whatever the threads. Throws Error(usage) when the norms are not
/// as many as the columns, Error(data) when the store is damaged.
[[nodiscard]] RowSums sum_rows(store::Store& store, const CatalogTensor& tensor,
                               std::span<const double> column_norms, unsigned threads);

/// A tensor's score and what it is next to its kind.
struct TensorScore {
  std::size_t tensor = 0;  ///< index into CatalogModel::tensors
  /// Root mean square of its elements; by activation, the mean of |w| × norm.
  double score = 0;
  /// score / median score of the tensors in the same role: 1 is what is usual for it, so that
  /// layers compare. 1 where the median is 0.
  double importance = 1;
  std::vector<double> row_importance;  ///< of each row, in the same measure
};

struct ScoreOptions {
  /// The norms of what a tensor is multiplied with, by its name; empty for a tensor that
  /// multiplies nothing, which then has no score. Without the function, magnitudes are taken.
  std::function<std::vector<double>(const std::string& tensor)> column_norms;
  /// Score this tensor alone, and those in its role, of which the median is made.
  std::optional<std::string> only;
  bool with_rows = false;  ///< fill row_importance
  unsigned threads = 1;
  std::function<void(std::uint64_t bytes)> progress;  ///< bytes read since the last call
};

/// Scores the tensors of a model, in their order. A role is a tensor's name without the number
/// of its layer: "blk.*.attn_q.weight". Integers are left out. Throws Error(no_input) when
/// `only` names no tensor, Error(data) for big-endian models.
[[nodiscard]] std::vector<TensorScore> score_tensors(store::Store& store,
                                                     const CatalogModel& model,
                                                     const ScoreOptions& options);

/// The mean importance of the tensors of each layer, by the layer's name ("blk.3"), in the
/// order of their first tensors.
struct LayerScore {
  std::string name;
  double importance = 0;
};
[[nodiscard]] std::vector<LayerScore> mean_by_layer(const CatalogModel& model,
                                                    const std::vector<TensorScore>& scores);

/// Indexes of the `count` greatest values, the greatest first; equal ones in their order.
[[nodiscard]] std::vector<std::size_t> greatest(std::span<const double> values,
                                                std::size_t count);
/// The same of the least.
[[nodiscard]] std::vector<std::size_t> least(std::span<const double> values, std::size_t count);

}  // namespace hart::atom
