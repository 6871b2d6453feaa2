#include "atom/tensor_signature.h"

#include <algorithm>
#include <cmath>

#include "geometry/spatialite_blob.h"
#include "tensor/convert.h"

namespace hart::atom {

ByteBuffer tensor_signature(const ModelTensor& tensor, ByteView bytes) {
  if (!tensor::is_convertible(tensor.dtype)) return {};
  const tensor::DTypeInfo& layout = tensor::dtype_info(tensor.dtype);
  const std::uint64_t blocks = bytes.size() / layout.block_bytes;
  std::vector<geometry::PointZM> samples;
  std::vector<float> values(layout.block_elements);
  double scale = 0;
  const std::uint64_t count = std::min<std::uint64_t>(blocks, kSignatureSamples);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t block = blocks / count * i;
    tensor::dequantize_row(
        tensor.dtype, bytes.subspan(block * layout.block_bytes, layout.block_bytes), values);
    if (!std::isfinite(values[0])) continue;
    samples.push_back({static_cast<double>(block * layout.block_elements), values[0], 0, 0});
    scale = std::max(scale, std::abs(static_cast<double>(values[0])));
  }
  if (samples.size() < 2) return {};
  for (geometry::PointZM& sample : samples) {
    sample.z = scale > 0 ? std::abs(sample.y) / scale : 0;
    sample.m = scale;
  }
  return geometry::encode_linestring(samples);
}

}  // namespace hart::atom
