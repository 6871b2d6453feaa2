#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "learn/isolation_forest.h"
#include "learn/nearest_neighbors.h"

namespace hart::learn {

enum class AnomalyMethod {
  forest,  ///< isolation forest
  lof,     ///< local outlier factor
  both,    ///< the mean of a row's ranks under the two
};

/// "forest", "lof" and "both".
[[nodiscard]] std::string_view anomaly_method_name(AnomalyMethod method) noexcept;
[[nodiscard]] std::optional<AnomalyMethod> find_anomaly_method(std::string_view name) noexcept;

struct AnomalyOptions {
  AnomalyMethod method = AnomalyMethod::both;
  IsolationForestOptions forest;  ///< its threads are used for both
  std::size_t neighbors = 20;     ///< of the local outlier factor
};

/// How anomalous a row is.
struct Anomaly {
  std::size_t row = 0;
  double score = 0;              ///< the method's; of `both`, in [0, 1]
  std::optional<double> forest;  ///< where it was computed
  std::optional<double> lof;
};

/// Every row with its score, highest first, equal scores by ascending row. A method whose
/// scores are empty was not asked; one of them has n, the other n or 0. With both, the score is
/// the mean of the two shares of the other rows that score lower, equal ones counting half.
[[nodiscard]] std::vector<Anomaly> rank_anomalies(std::span<const double> forest,
                                                  std::span<const double> lof);

/// The anomalies of a table of numbers, (n, dim) row-major: all n rows, ranked. Throws as
/// IsolationForest::fit and nearest_neighbors do.
[[nodiscard]] std::vector<Anomaly> find_anomalies(std::span<const double> table,
                                                  std::size_t dim,
                                                  const AnomalyOptions& options);

/// Shifts and scales every column of `table`, (n, dim), to mean 0 and standard deviation 1
/// (divisor n); a column that does not vary becomes 0. Precondition: the values are finite.
void standardise(std::span<double> table, std::size_t dim);

}  // namespace hart::learn
