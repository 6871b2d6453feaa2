#include "tensor/weight_estimate.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "core/endian.h"

namespace hart::tensor {
namespace {

// Bits are counted in units of 2^-16.
constexpr int kScale = 16;

/// log2(1 + i / 256) in those units, by repeated squaring of a fraction of 30 bits.
constexpr std::array<std::uint32_t, 257> make_logarithms() {
  std::array<std::uint32_t, 257> table{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t x = (256 + i) << 22;
    for (int bit = 0; bit < kScale; ++bit) {
      x = x * x >> 30;
      const bool over = x >> 31 != 0;
      table[i] = table[i] << 1 | over;
      x >>= over;
    }
  }
  table[256] = 1u << kScale;
  return table;
}
constexpr auto kLogarithms = make_logarithms();

/// log2(n) in those units, within 2^-16 + 2^-17; 0 for 0.
std::uint64_t log2_of(std::uint32_t n) {
  if (n == 0) return 0;
  const int length = std::bit_width(n);
  const std::uint32_t fraction = n << (32 - length) << 1;  // the leading one drops out
  const std::uint32_t at = fraction >> 24, between = (fraction >> 8) & 0xffff;
  const std::uint64_t step = kLogarithms[at + 1] - kLogarithms[at];
  return (std::uint64_t(length - 1) << kScale) + kLogarithms[at] + (step * between >> 16);
}

/// Entropy of n events in classes of these counts, plus half a bit of natural logarithm a
/// class: the sample's own entropy is too low (Miller and Madow), and a table costs something.
template <typename Counts> std::uint64_t entropy(const Counts& counts, std::size_t first) {
  std::uint64_t total = 0, sum = 0, classes = 0;
  for (std::size_t i = first; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    total += counts[i];
    sum += counts[i] * log2_of(counts[i]);
    ++classes;
  }
  constexpr std::uint64_t kHalfNat = 47274;  // log2(e) / 2
  const std::uint64_t whole = total * log2_of(std::uint32_t(total));
  return (whole > sum ? whole - sum : 0) + classes * kHalfNat;
}

/// Bytes of `n` elements if the sample of `sampled` takes `bits` (scaled).
std::uint64_t scaled_bytes(std::uint64_t bits, std::size_t n, std::size_t sampled) {
  return ((bits >> kScale) * n / sampled + 7) / 8;
}

using ExponentCounts = std::array<std::uint32_t, 256>;

/// Counts exponents `stride` elements apart. Neighbours are often equal: four copies of the
/// counts keep them from waiting for each other.
template <typename T>
ExponentCounts count_exponents(const WeightFormat& format, ByteView base, std::size_t stride) {
  std::array<ExponentCounts, 4> copies{};
  const std::size_t n = base.size() / sizeof(T);
  std::size_t copy = 0;
  for (std::size_t i = 0; i < n; i += stride) {
    const T bits = load_le<T>(base.data() + i * sizeof(T));
    ++copies[copy++ % 4][(bits >> format.mantissa_bits) & format.exponent_mask];
  }
  for (std::size_t e = 0; e < 256; ++e)
    copies[0][e] += copies[1][e] + copies[2][e] + copies[3][e];
  return copies[0];
}

}  // namespace

SampleRuns::SampleRuns(std::size_t n, std::size_t run) noexcept {
  length = std::min(n, run);
  count = std::clamp<std::size_t>(n / length, 1, begin.size());
  for (std::size_t i = 0; i < count; ++i) begin[i] = (n - length) * (2 * i + 1) / (2 * count);
  if (count * length > n / 2)  // close to everything: no overlaps, from the front
    for (std::size_t i = 0; i < count; ++i) begin[i] = i * length;
}

DifferenceParameters choose_exponents(const WeightFormat& format, ByteView base,
                                      std::size_t stride, std::size_t most) {
  const ExponentCounts counts = format.element_bytes == 2
                                    ? count_exponents<std::uint16_t>(format, base, stride)
                                    : count_exponents<std::uint32_t>(format, base, stride);
  const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  // Exponents rarer than 1/200 at the top, and what is rarer than 1/500 at the bottom, share.
  int top = 255;
  std::uint64_t seen = counts[255];
  while (top > 0 && seen * 200 < total) seen += counts[std::size_t(--top)];
  DifferenceParameters parameters{std::uint16_t(top), 0};
  for (int e = top; e > 0 && parameters.last + std::size_t{1} < most; ++parameters.last) {
    if ((total - seen) * 500 <= total) break;
    seen += counts[std::size_t(--e)];
  }
  return parameters;
}

WeightEstimator::WeightEstimator(const WeightKernels& kernels)
    : kernels_{&kernels},
      counts_(kExponentContexts),
      contexts_(kKernelPiece + kKernelSlack),
      symbols_(kKernelPiece + kKernelSlack),
      bits_(4 * kKernelPiece + kKernelSlack),
      upper_(kKernelPiece + kKernelSlack),
      lower_(kKernelPiece + kKernelSlack),
      z_(kKernelPiece + kKernelSlack, kKernelPiece + kKernelSlack) {}

std::uint64_t WeightEstimator::plain_bytes(const WeightFormat& format, ByteView values,
                                           std::size_t run) {
  const std::size_t size = format.element_bytes, n = values.size() / size;
  const SampleRuns runs{n, std::min(run, kKernelPiece)};
  std::uint64_t bits = 0;
  std::uint16_t low = 0;
  for (std::size_t r = 0; r < runs.count; ++r) {
    const std::uint8_t* from = values.data() + runs.begin[r] * size;
    if (size == 4)
      low |= kernels_->halve(from, runs.length, upper_.data(), lower_.data());
    else
      std::memcpy(upper_.data(), from, runs.length * size);
    std::array<std::uint32_t, 512> counts{};
    for (std::size_t i = 0; i < runs.length; ++i) ++counts[(upper_[i] & 0x7fffu) >> 6];
    bits += entropy(counts, 0) + (std::uint64_t{7 * runs.length} << kScale);
  }
  const int rest = low == 0 ? 0 : 16 - std::countr_zero(low);
  bits += (std::uint64_t(rest) * runs.elements()) << kScale;
  return std::min<std::uint64_t>(scaled_bytes(bits, n, runs.elements()), values.size());
}

template <typename T>
DifferenceEstimate WeightEstimator::differences_of(const WeightFormat& format, ByteView values,
                                                   ByteView base, std::size_t run,
                                                   const DifferenceKernels<T>& kernels) {
  const std::size_t n = values.size() / sizeof(T);
  const SampleRuns runs{n, std::min(run, kKernelPiece)};
  const std::size_t most = std::clamp<std::size_t>(runs.elements() / 700, 1, kExponentContexts);
  const auto chosen = choose_exponents(format, base, std::max<std::size_t>(1, n / 1000), most);
  const ExponentRange range{chosen.top, chosen.last, format.mantissa_bits,
                            format.exponent_mask};
  for (RansCounts& counts : counts_) counts.fill(0);
  T* z = std::get<std::vector<T>>(z_).data();
  std::uint64_t raw_bits = 0;
  std::array<std::uint32_t, 2> moved{};
  for (std::size_t r = 0; r < runs.count; ++r) {
    const std::size_t at = runs.begin[r] * sizeof(T);
    kernels.differences(values.data() + at, base.data() + at, runs.length, z);
    kernels.contexts(base.data() + at, runs.length, range, contexts_.data());
    BitWriter bits{bits_.data()};
    kernels.to_symbols(z, runs.length, symbols_.data(), bits);
    raw_bits += 8 * std::uint64_t(bits.next - bits_.data()) + bits.fill;
    for (std::size_t i = 0; i < runs.length; ++i) ++counts_[contexts_[i]][symbols_[i]];
  }
  std::uint64_t dense = raw_bits << kScale, sparse = dense;
  for (const RansCounts& counts : counts_) {
    dense += entropy(counts, 0);
    sparse += entropy(counts, 1);
    moved[0] += counts[0];
  }
  moved[1] = std::uint32_t(runs.elements()) - moved[0];
  sparse += entropy(moved, 0);
  return {std::min<std::uint64_t>(scaled_bytes(std::min(dense, sparse), n, runs.elements()),
                                  values.size()),
          double(moved[1]) / double(runs.elements())};
}

DifferenceEstimate WeightEstimator::differences(const WeightFormat& format, ByteView values,
                                                ByteView base, std::size_t run) {
  if (format.element_bytes == 2)
    return differences_of<std::uint16_t>(format, values, base, run, kernels_->half);
  return differences_of<std::uint32_t>(format, values, base, run, kernels_->single);
}

}  // namespace hart::tensor
