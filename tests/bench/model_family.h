#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "formats/safetensors.h"
#include "tensor/dtype.h"

namespace hart::bench {

/// A base model and fine-tunes of it, made up: the shapes of a small llama, normal weights with
/// a scale a row, norms close to 1. The same seed gives the same bytes on every machine.
class ModelFamily {
 public:
  /// Models of at least `bytes` of `dtype`: f32, f16 or bf16.
  ModelFamily(tensor::DType dtype, std::uint64_t bytes, std::uint64_t seed = 1);

  /// The tensors in file order, with their offsets in the data section.
  [[nodiscard]] const std::vector<formats::SafetensorsTensor>& tensors() const noexcept {
    return tensors_;
  }

  /// The data section of model `index`: 0 is the base. Of three fine-tunes that follow each
  /// other, the first moves 2 % of the weights by about 0.2 of their row's scale, the second
  /// 20 % by 0.03, the third 80 % by 0.005: few and far after editing, many and near after
  /// training.
  [[nodiscard]] ByteBuffer payload(unsigned index) const;
  /// The share of the weights that model `index` moves: 0.02, 0.2 or 0.8.
  [[nodiscard]] static double moved_share(unsigned index) noexcept;

  /// A SafeTensors file of model `index`.
  void write(const std::string& path, unsigned index) const;

 private:
  void add(const std::string& name, std::vector<std::uint64_t> shape);
  void fill(const formats::SafetensorsTensor& tensor, unsigned index, std::uint8_t* out) const;

  tensor::DType dtype_;
  std::uint64_t seed_;
  std::vector<formats::SafetensorsTensor> tensors_;
  std::uint64_t total_bytes_ = 0;
};

}  // namespace hart::bench
