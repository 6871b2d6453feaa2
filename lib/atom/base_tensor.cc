#include "atom/base_tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/json.h"
#include "tensor/convert.h"
#include "tensor/weight_codec.h"

namespace hart::atom {
namespace {

/// Beyond this no fine-tune lies: the trial would choose to store the tensor alone.
constexpr double kFarthestBase = 0.5;
/// A base's scale may differ by this factor either way.
constexpr double kScaleRange = 1.5;

/// Places that no period of the tensor's rows can fall in step with.
std::uint64_t sample_place(std::size_t index, std::uint64_t elements) {
  std::uint64_t z = (index + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return (z ^ z >> 31) % elements;
}

std::string shape_key(const ModelTensor& tensor) {
  return dump_json(Json(tensor.shape));
}

double root_mean_square(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

}  // namespace

std::optional<TensorSample> sample_tensor(const ModelTensor& tensor, ByteView bytes) {
  if (!tensor::has_weight_codec(tensor.dtype) || bytes.size() < kSmallestWithBase)
    return std::nullopt;
  const std::size_t width = tensor::dtype_info(tensor.dtype).block_bytes;
  TensorSample sample;
  sample.values.resize(kSampleValues);
  for (std::size_t i = 0; i < kSampleValues; ++i) {
    const std::uint64_t at = sample_place(i, bytes.size() / width) * width;
    tensor::dequantize_row(tensor.dtype, bytes.subspan(at, width), {&sample.values[i], 1});
    if (!std::isfinite(sample.values[i])) return std::nullopt;
  }
  sample.scale = root_mean_square(sample.values);
  if (sample.scale == 0) return std::nullopt;
  return sample;
}

double sample_distance(const TensorSample& sample, const TensorSample& base) {
  double sum = 0;
  for (std::size_t i = 0; i < sample.values.size(); ++i) {
    const double difference = static_cast<double>(sample.values[i]) - base.values[i];
    sum += difference * difference;
  }
  return sum / static_cast<double>(sample.values.size()) / (base.scale * base.scale);
}

BaseTensor::BaseTensor(std::vector<store::CatalogWriter::Part> parts)
    : parts_{std::move(parts)} {
  std::uint64_t at = 0;
  for (const auto& part : parts_) {
    starts_.push_back(at);
    at += part.bytes;
  }
}

std::optional<BaseTensor::Range> BaseTensor::find(std::uint64_t offset,
                                                  std::uint64_t size) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  if (after == starts_.begin()) return std::nullopt;
  const auto index = static_cast<std::size_t>(after - starts_.begin()) - 1;
  const auto& part = parts_[index];
  const std::uint64_t within = offset - starts_[index];
  // Chains are one deep: what is a difference itself is nobody's base.
  if (!part.extent || part.extent->base_extent_id != 0 || within > part.bytes ||
      size > part.bytes - within)
    return std::nullopt;
  return Range{*part.extent, part.extent_offset + within};
}

SignatureIndex::SignatureIndex(store::Store& store, store::CatalogWriter& writer)
    : writer_{writer},
      find_{store.db().prepare("SELECT tensor_atom_id, scale, samples FROM my_tensor_signature"
                               " WHERE dtype = ? AND shape = ? AND stands_alone = 1"
                               " AND scale BETWEEN ? AND ? ORDER BY tensor_atom_id")},
      put_{store.db().prepare("INSERT INTO tensor_signature VALUES (?, ?, ?, ?, ?, ?)"
                              " ON CONFLICT DO NOTHING",
                              store::Scope::owner)} {}

std::optional<BaseTensor> SignatureIndex::nearest(const ModelTensor& tensor,
                                                  const TensorSample& sample) {
  find_.with(static_cast<std::int64_t>(tensor.dtype), shape_key(tensor),
             sample.scale / kScaleRange, sample.scale * kScaleRange);
  double least = kFarthestBase;
  std::int64_t nearest = 0;
  TensorSample base;
  base.values.resize(kSampleValues);
  while (find_.step()) {
    const ByteView samples = find_.blob(2);
    if (samples.size() != kSampleValues * sizeof(float)) continue;
    std::memcpy(base.values.data(), samples.data(), samples.size());
    base.scale = find_.real(1);
    const double distance = sample_distance(sample, base);
    if (distance >= least) continue;
    least = distance;
    nearest = find_.integer(0);
  }
  find_.reset();
  if (nearest == 0) return std::nullopt;
  return BaseTensor{writer_.payload_of(nearest)};
}

void SignatureIndex::put(std::int64_t tensor_atom_id, const ModelTensor& tensor,
                         const TensorSample& sample, bool stands_alone) {
  put_.run(tensor_atom_id, static_cast<std::int64_t>(tensor.dtype), shape_key(tensor),
           sample.scale,
           ByteView{reinterpret_cast<const std::uint8_t*>(sample.values.data()),
                    sample.values.size() * sizeof(float)},
           static_cast<std::int64_t>(stands_alone));
}

}  // namespace hart::atom
