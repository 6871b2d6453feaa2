#include "nn/activation_statistics.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace hart::nn {

void ActivationStatistics::see_input(std::span<const std::string> names,
                                     std::span<const float> x, std::size_t columns) {
  for (const std::string& name : names) first_name_.try_emplace(name, names.front());
  Columns& sums = columns_[names.front()];
  sums.squares.resize(columns);
  for (std::size_t at = 0; at < x.size(); at += columns, ++sums.rows)
    for (std::size_t i = 0; i < columns; ++i) {
      const double value = x[at + i];
      sums.squares[i] += value * value;
    }
}

void ActivationStatistics::see_block(std::uint32_t layer, std::span<const float> before,
                                     std::span<const float> after) {
  Similarity& similarity = similarity_[layer];
  for (std::size_t at = 0; at < before.size(); at += n_embd_, ++similarity.rows) {
    double aa = 0, bb = 0, ab = 0;
    for (std::size_t i = at; i < at + n_embd_; ++i) {
      const double a = before[i], b = after[i];
      aa += a * a;
      bb += b * b;
      ab += a * b;
    }
    // A state of zeros has no direction to change.
    similarity.sum += aa == 0 || bb == 0 ? 1 : ab / std::sqrt(aa) / std::sqrt(bb);
  }
}

std::vector<double> ActivationStatistics::column_norms(const std::string& tensor) const {
  const auto first = first_name_.find(tensor);
  if (first == first_name_.end()) return {};
  const Columns& sums = columns_.find(first->second)->second;
  std::vector<double> norms = sums.squares;
  for (double& norm : norms) norm = std::sqrt(norm / static_cast<double>(sums.rows));
  return norms;
}

double ActivationStatistics::block_influence(std::uint32_t layer) const {
  const Similarity& similarity = similarity_.at(layer);
  if (similarity.rows == 0) return 0;
  return std::max(0.0, 1 - similarity.sum / static_cast<double>(similarity.rows));
}

ActivationStatistics observe_activations(const TransformerModel& model,
                                         std::span<const TokenId> tokens, unsigned threads) {
  if (tokens.empty()) throw Error{Fault::data, "the calibration text is empty"};
  ActivationStatistics statistics{model.parameters()};
  TransformerSession session{
      model,
      {.context_length = std::min(model.parameters().context_length, kCalibrationWindow),
       .threads = threads}};
  session.observe(&statistics);
  while (!tokens.empty()) {
    const std::size_t count = std::min<std::size_t>(tokens.size(), session.context_length());
    session.rewind(0);
    session.evaluate_each(tokens.first(count), [](std::size_t, std::span<const float>) {});
    tokens = tokens.subspan(count);
  }
  return statistics;
}

}  // namespace hart::nn
