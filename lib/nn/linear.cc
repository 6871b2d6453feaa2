#include "nn/linear.h"

#include "tensor/dot.h"

namespace hart::nn {

void apply(const Linear& linear, const float* x, std::size_t n, float* y, unsigned threads) {
  const std::size_t columns = linear.weight.view.columns();
  const std::size_t rows = linear.weight.view.rows();
  tensor::matmul(linear.weight, {x, n * columns}, {y, n * rows}, n, threads);
  if (linear.bias.empty()) return;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t row = 0; row < rows; ++row) y[i * rows + row] += linear.bias[row];
}

}  // namespace hart::nn
