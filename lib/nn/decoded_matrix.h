#pragma once

#include "core/bytes.h"
#include "tensor/dtype.h"

namespace hart::nn {

/// Decodes a matrix of a type that has no kernel, so that it can run: block types to F16, whose
/// rounding (2^-11) is far below that of any block type; other types, and matrices with values
/// beyond F16's range, to F32. `view` is what it was and becomes what it is, its bytes in
/// `storage`, which must stay alive. Uses all threads. Throws as tensor::dequantize_row.
void decode_matrix(tensor::TensorView& view, ByteBuffer& storage);

}  // namespace hart::nn
