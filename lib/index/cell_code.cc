#include "index/cell_code.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace hart::index {
namespace {

template <typename T> T load(const std::uint8_t* bytes) noexcept {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <typename T> void store(std::uint8_t* bytes, T value) noexcept {
  std::memcpy(bytes, &value, sizeof value);
}

}  // namespace

VectorCode CodeMaker::make(std::span<const float> vector, float offset,
                           std::span<std::uint8_t> bits) {
  double with_mean = 0;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    deviation_[i] = vector[i] - mean_[i];
    with_mean += static_cast<double>(vector[i]) * mean_[i];
  }
  rotation_.apply(deviation_, rotated_);
  double square = 0;
  double absolute = 0;
  for (std::size_t s = 0; s < bits.size(); ++s) {
    std::uint8_t pattern = 0;
    for (std::size_t j = 0; j < kDimsPerSegment; ++j) {
      const float value = rotated_[s * kDimsPerSegment + j];
      square += static_cast<double>(value) * value;
      absolute += std::fabs(value);
      if (value > 0) pattern = static_cast<std::uint8_t>(pattern | (1U << j));
    }
    bits[s] = pattern;
  }
  VectorCode code;
  code.add = static_cast<float>(with_mean) + offset;
  if (absolute == 0) return code;
  code.factor = static_cast<float>(square / absolute);
  // ⟨ō, o⟩ of the paper, and its theorem 3.2 without the constant.
  const auto n = static_cast<double>(rotated_.size());
  const double cosine = absolute / std::sqrt(n * square);
  const double spread = std::max(0.0, 1 - cosine * cosine) / (cosine * cosine * (n - 1));
  code.error = static_cast<float>(std::sqrt(square * spread));
  return code;
}

void put_code(std::uint8_t* block, std::size_t slot, const VectorCode& code,
              std::uint32_t position, std::span<const std::uint8_t> bits) noexcept {
  store(block + kBlockFactor + slot * 4, code.factor);
  store(block + kBlockAdd + slot * 4, code.add);
  store(block + kBlockError + slot * 4, code.error);
  store(block + kBlockPosition + slot * 4, position);
  std::uint8_t* codes = block + kBlockCodes + slot % 16;
  const unsigned shift = slot < 16 ? 0 : 4;
  for (std::size_t s = 0; s < bits.size(); ++s)
    codes[s * 16] = static_cast<std::uint8_t>(codes[s * 16] | (bits[s] << shift));
}

void close_block(std::uint8_t* block, std::size_t used) noexcept {
  for (std::size_t slot = used; slot < kCodesPerBlock; ++slot)
    store(block + kBlockAdd + slot * 4, -std::numeric_limits<float>::infinity());
}

std::uint32_t block_position(const std::uint8_t* block, std::size_t slot) noexcept {
  return load<std::uint32_t>(block + kBlockPosition + slot * 4);
}

float block_error(const std::uint8_t* block, std::size_t slot) noexcept {
  return load<float>(block + kBlockError + slot * 4);
}

QueryTable::QueryTable(const RandomRotation& rotation, std::span<const float> mean)
    : rotation_{rotation},
      mean_{mean},
      mean_square_{cell_kernels().dot_f32(mean.data(), mean.data(), mean.size())},
      deviation_(mean.size()),
      rotated_(rotation.padded()),
      table_(rotation.padded() / kDimsPerSegment * 16) {}

void QueryTable::prepare(std::span<const float> query) {
  const CellKernels& kernels = cell_kernels();
  for (std::size_t i = 0; i < query.size(); ++i) deviation_[i] = query[i] - mean_[i];
  length_ = std::sqrt(kernels.dot_f32(deviation_.data(), deviation_.data(), deviation_.size()));
  base_ = kernels.dot_f32(query.data(), mean_.data(), query.size()) - mean_square_;
  rotation_.apply(deviation_, rotated_);
  const float widest = kernels.fill_table(rotated_.data(), table_.size() / 16, table_.data());
  step_ = widest / 255;
  // Every segment was moved to start at 0 by Σ|qᵢ|.
  float reach = 0;
  for (const float value : rotated_) reach += std::fabs(value);
  low_ = -reach;
}

CodeQuery QueryTable::code_query() const noexcept {
  return {table_.data(), table_.size() / 16, step_, low_};
}

}  // namespace hart::index
