#include "atom/tensor_distance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "atom/located_payload.h"
#include "atom/model_digest.h"
#include "store/packs.h"
#include "tensor/convert.h"

namespace hart::atom {
namespace {

/// Elements decoded at a time: two runs of floats stay in the second-level cache. A multiple of
/// every block.
constexpr std::uint64_t kChunk = 8192;
constexpr std::size_t kLanes = 4;

/// As many elements as fit one stored segment in the wider of both types.
std::uint64_t run_elements(tensor::DType a, tensor::DType b) {
  const std::uint64_t widest = std::max(run_bytes(a, kChunk), run_bytes(b, kChunk));
  return std::max<std::uint64_t>(1, kSegmentBytes / widest) * kChunk;
}

/// The plain case, in lanes so that the compiler may use vectors. False when anything was not
/// finite: the sums are then worthless.
bool add_finite(std::span<const float> a, std::span<const float> b, TensorDistance& sum) {
  std::array<double, kLanes> aa{}, bb{}, ab{}, dd{}, most{};
  std::size_t i = 0;
  for (; i + kLanes <= a.size(); i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double x = a[i + lane], y = b[i + lane], difference = x - y;
      aa[lane] += x * x;
      bb[lane] += y * y;
      ab[lane] += x * y;
      dd[lane] += difference * difference;
      most[lane] = std::abs(difference) > most[lane] ? std::abs(difference) : most[lane];
    }
  for (std::size_t lane = 0; i < a.size(); ++i, ++lane) {
    const double x = a[i], y = b[i], difference = x - y;
    aa[lane] += x * x;
    bb[lane] += y * y;
    ab[lane] += x * y;
    dd[lane] += difference * difference;
    most[lane] = std::max(most[lane], std::abs(difference));
  }
  const auto total = [](const std::array<double, kLanes>& lanes) {
    return std::accumulate(lanes.begin(), lanes.end(), 0.0);
  };
  // No sum of squares of binary32 overflows binary64: what is not finite came from the values.
  if (!std::isfinite(total(aa)) || !std::isfinite(total(bb))) return false;
  sum.squared_a += total(aa);
  sum.squared_b += total(bb);
  sum.product += total(ab);
  sum.squared_difference += total(dd);
  sum.largest_difference =
      std::max(sum.largest_difference, *std::max_element(most.begin(), most.end()));
  return true;
}

void add_values(std::span<const float> a, std::span<const float> b, TensorDistance& sum) {
  if (add_finite(a, b, sum)) return;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) {
      ++sum.not_finite;
    } else {
      add_finite(a.subspan(i, 1), b.subspan(i, 1), sum);
    }
}

template <typename Element> std::uint64_t count_unequal(ByteView a, ByteView b) {
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < a.size(); at += sizeof(Element)) {
    Element x, y;
    std::memcpy(&x, a.data() + at, sizeof x);
    std::memcpy(&y, b.data() + at, sizeof y);
    count += x != y ? 1u : 0u;
  }
  return count;
}

std::uint64_t count_changed_bits(ByteView a, ByteView b, std::size_t element_bytes) {
  switch (element_bytes) {
    case 1:
      return count_unequal<std::uint8_t>(a, b);
    case 2:
      return count_unequal<std::uint16_t>(a, b);
    case 4:
      return count_unequal<std::uint32_t>(a, b);
    default:
      return count_unequal<std::uint64_t>(a, b);
  }
}

std::uint64_t count_changed_values(std::span<const float> a, std::span<const float> b) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    count += a[i] != b[i] && !(std::isnan(a[i]) && std::isnan(b[i])) ? 1u : 0u;
  return count;
}

TensorDistance measure_run(tensor::DType dtype_a, ByteView a, tensor::DType dtype_b, ByteView b,
                           std::uint64_t elements) {
  const tensor::DTypeInfo& layout = tensor::dtype_info(dtype_a);
  const bool compares_bits = dtype_a == dtype_b && layout.block_elements == 1;
  TensorDistance sum;
  sum.elements = elements;
  std::array<float, kChunk> values_a, values_b;
  for (std::uint64_t first = 0; first < elements; first += kChunk) {
    const std::uint64_t count = std::min(kChunk, elements - first);
    const ByteView part_a = a.subspan(run_bytes(dtype_a, first), run_bytes(dtype_a, count));
    const ByteView part_b = b.subspan(run_bytes(dtype_b, first), run_bytes(dtype_b, count));
    const std::span<float> x{values_a.data(), count}, y{values_b.data(), count};
    tensor::dequantize_row(dtype_a, part_a, x);
    tensor::dequantize_row(dtype_b, part_b, y);
    add_values(x, y, sum);
    sum.changed += compares_bits ? count_changed_bits(part_a, part_b, layout.block_bytes)
                                 : count_changed_values(x, y);
  }
  return sum;
}

}  // namespace

void TensorDistance::merge(const TensorDistance& other) noexcept {
  elements += other.elements;
  changed += other.changed;
  not_finite += other.not_finite;
  squared_a += other.squared_a;
  squared_b += other.squared_b;
  product += other.product;
  squared_difference += other.squared_difference;
  largest_difference = std::max(largest_difference, other.largest_difference);
}

double TensorDistance::relative() const noexcept {
  if (squared_difference == 0) return 0;
  if (squared_a == 0) return std::numeric_limits<double>::infinity();
  return std::sqrt(squared_difference / squared_a);
}

double TensorDistance::cosine() const noexcept {
  if (squared_a == 0 || squared_b == 0) return squared_a == squared_b ? 1 : 0;
  return std::clamp(product / std::sqrt(squared_a) / std::sqrt(squared_b), -1.0, 1.0);
}

double TensorDistance::changed_ratio() const noexcept {
  return elements == 0 ? 0 : static_cast<double>(changed) / static_cast<double>(elements);
}

TensorDistance measure_distance(store::Store& store, const CatalogTensor& a,
                                const CatalogTensor& b, unsigned threads) {
  const LocatedPayload payload_a{store, a.atom_id}, payload_b{store, b.atom_id};
  const std::vector<TensorRun> runs = cut_runs(a.elements(), run_elements(a.dtype, b.dtype));
  std::vector<TensorDistance> parts(runs.size());
  for_each_run(runs.size(), threads, [&](PayloadWorker& worker, std::size_t i) {
    const auto read = [&](const LocatedPayload& payload, tensor::DType dtype,
                          ByteBuffer& buffer) {
      return payload.read(worker.decoder, run_bytes(dtype, runs[i].first),
                          run_bytes(dtype, runs[i].elements), buffer);
    };
    const ByteView bytes_a = read(payload_a, a.dtype, worker.bytes);
    const ByteView bytes_b = read(payload_b, b.dtype, worker.other_bytes);
    parts[i] = measure_run(a.dtype, bytes_a, b.dtype, bytes_b, runs[i].elements);
    // Pages of a pack were read for this alone; a buffer will be used again.
    if (bytes_a.data() != worker.bytes.data()) store::Packs::release(bytes_a);
    if (bytes_b.data() != worker.other_bytes.data()) store::Packs::release(bytes_b);
  });
  TensorDistance total;
  for (const TensorDistance& part : parts) total.merge(part);
  return total;
}

}  // namespace hart::atom
