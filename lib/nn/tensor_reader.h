#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/transformer.h"

namespace hart::nn {

[[nodiscard]] std::string shape_text(std::span<const std::uint64_t> shape);

/// Fetches a model's tensors and checks them against the shapes that its parameters imply.
/// Shapes are innermost first. Throws Error(data) naming the tensor, as TransformerModel
/// documents.
class TensorReader {
 public:
  /// `decoded` takes the bytes of matrices that must be decoded to run.
  TensorReader(const ModelSource& source, std::vector<ByteBuffer>& decoded)
      : source_{source}, decoded_{decoded} {}

  /// The tensor, or nothing when the source has none of this name.
  [[nodiscard]] std::optional<tensor::TensorView> find(const std::string& name,
                                                       std::vector<std::uint64_t> shape) const;
  [[nodiscard]] tensor::TensorView require(const std::string& name,
                                           std::vector<std::uint64_t> shape) const;
  [[nodiscard]] std::vector<float> optional_vector(const std::string& name,
                                                   std::uint64_t size) const;

  /// `<name>.weight` and, if there is one, `<name>.bias`.
  [[nodiscard]] Norm norm(const std::string& name, std::uint64_t size) const;
  [[nodiscard]] Linear linear(const std::string& name, std::uint64_t columns,
                              std::uint64_t rows) const;
  /// A matrix whose rows are those of several, `rows` of each, one after the other.
  [[nodiscard]] std::vector<Linear> fused(const std::string& name, std::uint64_t columns,
                                          std::span<const std::uint64_t> rows) const;

  /// A matrix as it is, or decoded where no kernel computes with its type.
  [[nodiscard]] tensor::WeightMatrix matrix(const std::string& name,
                                            const tensor::TensorView& view) const;
  /// A tensor with its rows one after the other, in memory of their own if need be.
  [[nodiscard]] tensor::TensorView rows(const std::string& name,
                                        const tensor::TensorView& view) const;

  [[nodiscard]] tensor::RowLayout layout_of(const std::string& name) const;

 private:
  const ModelSource& source_;
  std::vector<ByteBuffer>& decoded_;
};

}  // namespace hart::nn
