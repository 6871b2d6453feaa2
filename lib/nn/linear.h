#pragma once

#include <cstddef>

#include "nn/transformer.h"

namespace hart::nn {

/// y (n, rows) = x (n, columns) * weightᵀ + bias. A row of y depends on its row of x alone, to
/// the last bit, whatever n and the threads.
void apply(const Linear& linear, const float* x, std::size_t n, float* y, unsigned threads);

}  // namespace hart::nn
