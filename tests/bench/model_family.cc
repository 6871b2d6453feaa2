#include "model_family.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "core/error.h"
#include "tensor/convert.h"

namespace hart::bench {
namespace {

/// SplitMix64: one multiplication chain a number, the same everywhere.
/// Source: G. Steele et al., "Fast splittable pseudorandom number generators", OOPSLA 2014.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_{seed} {}

  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// Close to a standard normal value: the sum of eight 16-bit numbers, which needs no
  /// function that differs between machines.
  float normal() noexcept {
    const std::uint64_t a = next(), b = next();
    std::int64_t sum = 0;
    for (int shift = 0; shift < 64; shift += 16)
      sum += std::int64_t((a >> shift) & 0xffff) + std::int64_t((b >> shift) & 0xffff);
    constexpr double kMean = 8 * 32767.5, kDeviation = 53509.9;  // sqrt(8 × 2^32 / 12)
    return float((double(sum) - kMean) / kDeviation);
  }

  bool with_probability(double p) noexcept { return double(next() >> 11) < p * 0x1p53; }

 private:
  std::uint64_t state_;
};

struct Step {
  double share;  ///< of the weights that move
  float size;    ///< in scales of the row
};
constexpr Step kSteps[] = {{0.02, 0.2f}, {0.2, 0.03f}, {0.8, 0.005f}};

const Step& step_of(unsigned index) {
  return kSteps[(index - 1) % std::size(kSteps)];
}

bool is_norm(const formats::SafetensorsTensor& tensor) {
  return tensor.shape.size() == 1;
}

/// Model width whose layers come in steps well below the wanted size.
std::uint64_t width_for(std::uint64_t elements) {
  std::uint64_t width = 64;
  while (width < 2048 && 4 * width * width * 48 < elements) width *= 2;
  return width;
}

}  // namespace

ModelFamily::ModelFamily(tensor::DType dtype, std::uint64_t bytes, std::uint64_t seed)
    : dtype_{dtype}, seed_{seed} {
  const std::uint64_t element = tensor::dtype_info(dtype).block_bytes;
  const std::uint64_t d = width_for(bytes / element), hidden = d * 11 / 4;
  add("model.embed_tokens.weight", {d, 8 * d});
  for (unsigned layer = 0; total_bytes_ < bytes; ++layer) {
    const std::string name = "model.layers." + std::to_string(layer) + ".";
    add(name + "input_layernorm.weight", {d});
    for (const char* part : {"q_proj", "k_proj", "v_proj", "o_proj"})
      add(name + "self_attn." + part + ".weight", {d, d});
    add(name + "post_attention_layernorm.weight", {d});
    add(name + "mlp.gate_proj.weight", {d, hidden});
    add(name + "mlp.up_proj.weight", {d, hidden});
    add(name + "mlp.down_proj.weight", {hidden, d});
  }
  add("model.norm.weight", {d});
}

void ModelFamily::add(const std::string& name, std::vector<std::uint64_t> shape) {
  const std::uint64_t bytes = tensor::tensor_bytes(dtype_, shape);
  tensors_.push_back({name, dtype_, std::move(shape), total_bytes_, bytes});
  total_bytes_ += bytes;
}

double ModelFamily::moved_share(unsigned index) noexcept {
  return index == 0 ? 0 : step_of(index).share;
}

void ModelFamily::fill(const formats::SafetensorsTensor& tensor, unsigned index,
                       std::uint8_t* out) const {
  const std::uint64_t columns = tensor.shape[0];
  const std::uint64_t row_bytes = tensor::tensor_bytes(dtype_, {{columns}});
  Random base{seed_ + tensor.offset};
  Random tuned{seed_ + tensor.offset + index * 0x5851f42d4c957f2d};
  const float tensor_scale = 1 / std::sqrt(float(columns));
  std::vector<float> row(columns);
  for (std::uint64_t at = 0; at < tensor.bytes; at += row_bytes) {
    // Scales of rows spread over a factor of about three around the tensor's.
    const float spread = 1 + 0.35f * base.normal();
    const float scale = tensor_scale * std::max(0.2f, spread);
    for (float& value : row)
      value = is_norm(tensor) ? 1 + 0.1f * base.normal() : scale * base.normal();
    const std::span<std::uint8_t> bytes{out + at, row_bytes};
    tensor::quantize_row(dtype_, row, bytes);
    if (index == 0) continue;
    tensor::dequantize_row(dtype_, bytes, row);
    const Step& step = step_of(index);
    for (float& value : row)
      if (tuned.with_probability(step.share)) value += step.size * scale * tuned.normal();
    tensor::quantize_row(dtype_, row, bytes);
  }
}

ByteBuffer ModelFamily::payload(unsigned index) const {
  ByteBuffer bytes(total_bytes_);
  for (const formats::SafetensorsTensor& tensor : tensors_)
    fill(tensor, index, bytes.data() + tensor.offset);
  return bytes;
}

void ModelFamily::write(const std::string& path, unsigned index) const {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  const auto put = [&](const ByteBuffer& bytes) {
    file.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
  };
  put(formats::write_safetensors_header(tensors_));
  ByteBuffer bytes;
  for (const formats::SafetensorsTensor& tensor : tensors_) {
    bytes.resize(tensor.bytes);
    fill(tensor, index, bytes.data());
    put(bytes);
  }
  file.close();
  if (!file) throw Error{Fault::io, path + ": cannot be written"};
}

}  // namespace hart::bench
