#pragma once

#include "atom/model_view.h"
#include "core/bytes.h"

namespace hart::atom {

/// Samples of a signature: a bounded summary, however large the tensor.
inline constexpr std::size_t kSignatureSamples = 16;

/// The geometry of a tensor: a LINESTRING ZM as a SpatiaLite BLOB over evenly spaced elements,
/// with X the element's index, Y its weight, Z its importance |weight| / largest |weight| of
/// the samples, and M that largest magnitude, the scale. Elements that are not finite are left
/// out. Empty for types that cannot be decoded and for fewer than two samples.
[[nodiscard]] ByteBuffer tensor_signature(const ModelTensor& tensor, ByteView bytes);

}  // namespace hart::atom
