#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "core/bytes.h"
#include "tensor/weight_format.h"
#include "tensor/weight_kernels.h"

namespace hart::tensor {

/// What coding differences to a base would take.
struct DifferenceEstimate {
  std::uint64_t bytes = 0;
  double moved = 0;  ///< share of the elements that differ
};

/// Exponent contexts for differences to `base`, `stride` apart looked at: at most `most` of
/// them, the rarest exponents sharing the first and the last.
[[nodiscard]] DifferenceParameters choose_exponents(const WeightFormat& format, ByteView base,
                                                    std::size_t stride, std::size_t most);

/// Judges what a coding would take from up to four runs of a segment or a block. Whole-number
/// arithmetic, so that every machine judges alike. Keeps its buffers.
class WeightEstimator {
 public:
  explicit WeightEstimator(const WeightKernels& kernels);

  /// Bytes that `values` take as plain blocks. Runs have `run` elements, at most 4096.
  [[nodiscard]] std::uint64_t plain_bytes(const WeightFormat& format, ByteView values,
                                          std::size_t run);
  /// The same as differences to `base`.
  [[nodiscard]] DifferenceEstimate differences(const WeightFormat& format, ByteView values,
                                               ByteView base, std::size_t run);

 private:
  template <typename T>
  DifferenceEstimate differences_of(const WeightFormat& format, ByteView values, ByteView base,
                                    std::size_t run, const DifferenceKernels<T>& kernels);

  const WeightKernels* kernels_;
  std::vector<RansCounts> counts_;
  std::vector<std::uint8_t> contexts_, symbols_, bits_;
  std::vector<std::uint16_t> upper_, lower_;
  std::tuple<std::vector<std::uint16_t>, std::vector<std::uint32_t>> z_;
};

/// Begins of up to four runs of `run` elements spread over `n`; fewer, and shorter, where `n`
/// is small.
struct SampleRuns {
  std::array<std::size_t, 4> begin{};
  std::size_t count = 0;
  std::size_t length = 0;

  SampleRuns(std::size_t n, std::size_t run) noexcept;
  [[nodiscard]] std::size_t elements() const noexcept { return count * length; }
};

}  // namespace hart::tensor
