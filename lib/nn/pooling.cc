#include "nn/pooling.h"

#include <cmath>

#include "core/error.h"

namespace hart::nn {
namespace {

void normalize(std::vector<double>& sum) {
  double squares = 0;
  for (const double value : sum) squares += value * value;
  if (squares == 0) return;
  for (double& value : sum) value /= std::sqrt(squares);
}

}  // namespace

std::vector<float> embed(TransformerSession& session, std::span<const TokenId> tokens,
                         Pooling pooling, bool normalizes) {
  if (pooling == Pooling::none)
    throw Error{Fault::usage, "no pooling makes one vector of a text"};
  std::vector<double> sum;
  session.rewind(0);
  session.evaluate_states(tokens, [&](std::size_t index, std::span<const float> state) {
    if (pooling == Pooling::first && index != 0) return;
    if (pooling == Pooling::last && index + 1 != tokens.size()) return;
    sum.resize(state.size());
    for (std::size_t i = 0; i < state.size(); ++i) sum[i] += static_cast<double>(state[i]);
  });
  if (pooling == Pooling::mean)
    for (double& value : sum) value /= static_cast<double>(tokens.size());
  if (normalizes) normalize(sum);
  return {sum.begin(), sum.end()};
}

}  // namespace hart::nn
