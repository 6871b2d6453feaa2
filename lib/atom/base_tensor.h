#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "atom/model_view.h"
#include "store/catalog_writer.h"

namespace hart::atom {

/// A tensor's place among those of its dtype and shape: values at fixed pseudo-random places
/// and their root mean square. Close tensors have close samples.
struct TensorSample {
  std::vector<float> values;  ///< kSampleValues, or all elements when they are fewer
  double scale = 0;
};

inline constexpr std::size_t kSampleValues = 256;
/// Smaller tensors are stored alone: a search for a base would cost more than it saves.
inline constexpr std::uint64_t kSmallestWithBase = std::uint64_t{16} << 10;

/// Nothing for a dtype without a weight codec, for a small tensor, and for one whose sample is
/// all zeros or holds anything that is not finite.
[[nodiscard]] std::optional<TensorSample> sample_tensor(const ModelTensor& tensor,
                                                        ByteView bytes);

/// The mean square of the samples' differences over the mean square of `base`: 0 when equal,
/// about 2 for unrelated tensors.
[[nodiscard]] double sample_distance(const TensorSample& sample, const TensorSample& base);

/// Where the bytes of a stored tensor lie: a possible base of another.
class BaseTensor {
 public:
  explicit BaseTensor(std::vector<store::CatalogWriter::Part> parts);

  /// The extent that holds bytes [offset, offset + size) of the tensor and stands alone, and
  /// where in it they begin.
  struct Range {
    store::ExtentRecord extent;
    std::uint64_t offset = 0;
  };
  [[nodiscard]] std::optional<Range> find(std::uint64_t offset, std::uint64_t size) const;

 private:
  std::vector<store::CatalogWriter::Part> parts_;
  std::vector<std::uint64_t> starts_;
};

/// Signatures of the stored float tensors, inside one WriteTransaction. Only tensors that the
/// acting tenant holds are found: with another tenant's for a base, sizes would tell of them.
class SignatureIndex {
 public:
  SignatureIndex(store::Store& store, store::CatalogWriter& writer);

  /// The nearest stored tensor of the same dtype and shape that was stored without a base and
  /// is near enough to be worth a trial.
  [[nodiscard]] std::optional<BaseTensor> nearest(const ModelTensor& tensor,
                                                  const TensorSample& sample);
  /// Remembers a tensor; `stands_alone` when none of its extents has a base.
  void put(std::int64_t tensor_atom_id, const ModelTensor& tensor, const TensorSample& sample,
           bool stands_alone);

 private:
  store::CatalogWriter& writer_;
  store::Statement find_;
  store::Statement put_;
};

}  // namespace hart::atom
