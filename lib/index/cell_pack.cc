#include "index/cell_pack.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tensor/convert.h"
#include "tensor/vector.h"

namespace hart::index {
namespace {

/// Writes vector / length as integers up to 127 and returns what one of them stands for.
float pack_int8(std::span<const float> vector, float length, std::uint8_t* out) {
  float largest = 0;
  for (const float value : vector) largest = std::max(largest, std::fabs(value) / length);
  if (largest == 0) {
    std::memset(out, 0, vector.size());
    return 0;
  }
  for (std::size_t i = 0; i < vector.size(); ++i) {
    const float level = std::nearbyint(vector[i] / length / largest * 127);
    out[i] = static_cast<std::uint8_t>(static_cast<std::int8_t>(level));
  }
  return largest / 127;
}

}  // namespace

void pack_segments(std::span<const std::uint8_t> segments, std::uint8_t* packed) noexcept {
  for (std::size_t s = 0; s + 1 < segments.size(); s += 2)
    packed[s / 2] = static_cast<std::uint8_t>(segments[s] | segments[s + 1] << 4);
}

void unpack_segments(const std::uint8_t* packed, std::span<std::uint8_t> segments) noexcept {
  for (std::size_t s = 0; s + 1 < segments.size(); s += 2) {
    segments[s] = packed[s / 2] & 15U;
    segments[s + 1] = packed[s / 2] >> 4;
  }
}

ScoreWeights pack_vector(std::span<const float> vector, Metric metric, VectorStorage storage,
                         std::uint8_t* out) {
  const float norm = tensor::norm(vector);
  const float length = norm > 0 ? norm : 1;
  ScoreWeights weights;
  switch (storage) {
    case VectorStorage::f32:
      std::memcpy(out, vector.data(), vector.size_bytes());
      weights.scale = metric == Metric::cosine ? 1 / length : 1;
      break;
    case VectorStorage::f16:
      for (std::size_t i = 0; i < vector.size(); ++i) {
        const std::uint16_t half = tensor::f32_to_f16(vector[i] / length);
        std::memcpy(out + i * sizeof half, &half, sizeof half);
      }
      weights.scale = metric == Metric::cosine ? 1 : length;
      break;
    case VectorStorage::int8:
      weights.scale = pack_int8(vector, length, out) * (metric == Metric::cosine ? 1 : length);
      break;
  }
  if (metric == Metric::l2) weights.offset = -norm * norm / 2;
  return weights;
}

void unpack_vector(const std::uint8_t* stored, VectorStorage storage,
                   std::span<float> out) noexcept {
  switch (storage) {
    case VectorStorage::f32:
      std::memcpy(out.data(), stored, out.size_bytes());
      return;
    case VectorStorage::f16:
      for (std::size_t i = 0; i < out.size(); ++i) {
        std::uint16_t half = 0;
        std::memcpy(&half, stored + i * sizeof half, sizeof half);
        out[i] = tensor::f16_to_f32(half);
      }
      return;
    case VectorStorage::int8:
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<float>(static_cast<std::int8_t>(stored[i]));
      return;
  }
}

std::vector<float> stored_query(const CellFile& file, std::size_t position) {
  const CellFileInfo& info = file.info();
  std::vector<float> query(info.dims);
  unpack_vector(file.vector(position), info.storage, query);
  if (info.metric == Metric::cosine) {
    tensor::normalize(query);
  } else if (info.storage != VectorStorage::f32) {
    const float scale = file.weights(position).scale;
    for (float& value : query) value *= scale;
  }
  return query;
}

}  // namespace hart::index
