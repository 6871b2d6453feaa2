#include <algorithm>
#include <cstring>

#include "core/endian.h"
#include "core/error.h"
#include "tensor/weight_blocks.h"
#include "tensor/weight_codec.h"
#include "tensor/weight_estimate.h"
#include "tensor/weight_planes.h"

namespace hart::tensor {
namespace {

// Elements of a run looked at to choose the method of a block, and to estimate a segment.
constexpr std::size_t kBlockRun = 512, kSegmentRun = kKernelPiece;
constexpr std::size_t kPlanesRunBytes = 2048;
/// Sparse wins below this share of moved elements: measured, the two forms meet near it.
constexpr double kSparseShare = 0.30;
constexpr int kFastLevel = 1, kBestLevel = 3;

const WeightFormat& checked_format(DType dtype, ByteView values, ByteView base) {
  const WeightFormat* format = find_weight_format(dtype);
  if (format == nullptr)
    throw Error{Fault::usage,
                "weights of type " + std::string{dtype_info(dtype).name} + " have no codec"};
  if (values.empty() || values.size() > kWeightSegmentBytes ||
      values.size() % format->element_bytes != 0)
    throw Error{Fault::usage, "a segment of weights has an impossible size"};
  if (!base.empty() && base.size() != values.size())
    throw Error{Fault::usage, "a segment and its base differ in size"};
  return *format;
}

/// The same element throughout, as in padding.
bool is_constant(ByteView values, std::size_t size) {
  return std::memcmp(values.data(), values.data() + size, values.size() - size) == 0;
}

}  // namespace

class WeightEncoder::Impl {
 public:
  explicit Impl(const WeightKernels& kernels)
      : estimator_{kernels}, differences_{kernels}, plain_{kernels} {}

  ByteView encode(const WeightFormat& format, ByteView values, ByteView base,
                  const RowPieces& pieces, WeightEffort effort);
  std::size_t estimate(const WeightFormat& format, ByteView values, ByteView base);

 private:
  [[nodiscard]] ByteView part(ByteView whole, const BlockPlan& plan) const {
    const std::size_t size = format_->element_bytes;
    return whole.empty() ? whole : whole.subspan(plan.begin * size, plan.size * size);
  }
  [[nodiscard]] bool any(BlockMethod method) const {
    return std::any_of(plans_.begin(), plans_.end(),
                       [&](const BlockPlan& plan) { return plan.method == method; });
  }
  void choose_methods();
  void choose(BlockPlan& plan);
  /// Bytes of the planes of a block or segment, from a sample.
  std::uint64_t sampled_planes(ByteView values, ByteView base);
  void write_block(std::size_t index);
  void write_planes(BlockPlan& plan, std::size_t at);

  WeightEstimator estimator_;
  PlaneEncoder planes_;
  DifferenceEncoder differences_;
  PlainEncoder plain_;
  ByteBuffer out_, sample_, sample_base_;

  // The segment at hand.
  const WeightFormat* format_ = nullptr;
  ByteView values_, base_;
  WeightEffort effort_ = WeightEffort::fast;
  SegmentHeader header_;
  std::vector<BlockPlan> plans_;
  bool planes_for_all_ = false;
  std::uint64_t moved_ = 0;  ///< about how many differences are going to be coded
};

ByteView WeightEncoder::Impl::encode(const WeightFormat& format, ByteView values, ByteView base,
                                     const RowPieces& pieces, WeightEffort effort) {
  format_ = &format;
  values_ = values;
  base_ = base;
  effort_ = effort;
  header_ = {};
  header_.format = &format;
  header_.has_base = !base.empty();
  header_.elements = std::uint32_t(values.size() / format.element_bytes);
  choose_methods();
  if (any(BlockMethod::dense) || any(BlockMethod::sparse))
    header_.differences = differences_.plan(format, values, base, plans_, moved_);
  if (any(BlockMethod::plain)) header_.plain = plain_.plan(format, values, plans_, pieces);

  header_.blocks.assign(plans_.size(), {});
  out_.clear();
  write_segment_header(header_, differences_.tables(), plain_.tables(), out_);
  for (std::size_t b = 0; b < plans_.size(); ++b) write_block(b);
  if (out_.size() > values.size() - values.size() / 64) return {};
  write_block_entries(header_, out_);
  return out_;
}

void WeightEncoder::Impl::choose_methods() {
  const std::size_t per_block = block_elements(*format_);
  plans_.clear();
  moved_ = 0;
  // One look at the segment, with a lead of a tenth, as both figures are estimates.
  planes_for_all_ = effort_ == WeightEffort::fast && base_.empty() &&
                    sampled_planes(values_, {}) * 10 <
                        estimator_.plain_bytes(*format_, values_, kBlockRun) * 9;
  for (std::size_t at = 0; at < header_.elements; at += per_block) {
    BlockPlan plan;
    plan.begin = at;
    plan.size = std::min<std::size_t>(per_block, header_.elements - at);
    choose(plan);
    plans_.push_back(plan);
  }
}

void WeightEncoder::Impl::choose(BlockPlan& plan) {
  const ByteView values = part(values_, plan), base = part(base_, plan);
  if (!base.empty() && std::memcmp(values.data(), base.data(), values.size()) == 0) {
    plan.method = BlockMethod::same;
    return;
  }
  if (planes_for_all_ || is_constant(values, format_->element_bytes)) {
    plan.method = BlockMethod::planes;
    return;
  }
  plan.method = BlockMethod::plain;
  std::uint64_t bytes = values.size();
  if (!base.empty()) {
    const auto estimate = estimator_.differences(*format_, values, base, kBlockRun);
    bytes = estimate.bytes;
    if (2 * bytes < values.size() ||
        bytes < estimator_.plain_bytes(*format_, values, kBlockRun)) {
      const bool sparse = estimate.moved < kSparseShare;
      plan.method = sparse ? BlockMethod::sparse : BlockMethod::dense;
      moved_ += std::uint64_t(double(plan.size) * (sparse ? estimate.moved : 1));
    }
  }
  if (effort_ == WeightEffort::fast) return;
  if (plan.method == BlockMethod::plain)
    bytes = estimator_.plain_bytes(*format_, values, kBlockRun);
  // Planes are tried even where a small sample of them looks slightly worse.
  plan.try_planes = sampled_planes(values, base) * 20 < bytes * 21;
}

std::uint64_t WeightEncoder::Impl::sampled_planes(ByteView values, ByteView base) {
  const std::size_t size = format_->element_bytes, n = values.size() / size;
  const SampleRuns runs{n, kPlanesRunBytes / size};
  sample_.clear();
  sample_base_.clear();
  for (std::size_t r = 0; r < runs.count; ++r) {
    append(sample_, values.subspan(runs.begin[r] * size, runs.length * size));
    if (!base.empty())
      append(sample_base_, base.subspan(runs.begin[r] * size, runs.length * size));
  }
  return planes_.encode(sample_, sample_base_, size, kFastLevel).size() * values.size() /
         sample_.size();
}

void WeightEncoder::Impl::write_block(std::size_t index) {
  BlockPlan& plan = plans_[index];
  const std::size_t at = out_.size();
  if (plan.method == BlockMethod::plain) plain_.write(index, plan, out_);
  if (plan.method == BlockMethod::dense || plan.method == BlockMethod::sparse)
    differences_.write(index, plan, out_);
  if (plan.method == BlockMethod::planes || plan.try_planes) write_planes(plan, at);
  const ByteView values = part(values_, plan);
  if (plan.method != BlockMethod::same && out_.size() - at >= values.size()) {
    plan.method = BlockMethod::raw;
    out_.resize(at);
    append(out_, values);
  }
  header_.blocks[index] = {plan.method, std::uint32_t(out_.size() - at)};
}

/// Replaces what stands in the output from `at` on, if it is longer.
void WeightEncoder::Impl::write_planes(BlockPlan& plan, std::size_t at) {
  const int level = effort_ == WeightEffort::best ? kBestLevel : kFastLevel;
  const ByteView frame =
      planes_.encode(part(values_, plan), part(base_, plan), format_->element_bytes, level);
  if (plan.method != BlockMethod::planes && frame.size() >= out_.size() - at) return;
  plan.method = BlockMethod::planes;
  out_.resize(at);
  append(out_, frame);
}

std::size_t WeightEncoder::Impl::estimate(const WeightFormat& format, ByteView values,
                                          ByteView base) {
  if (base.empty()) return std::size_t(estimator_.plain_bytes(format, values, kSegmentRun));
  return std::size_t(estimator_.differences(format, values, base, kSegmentRun).bytes);
}

WeightEncoder::WeightEncoder() : WeightEncoder{weight_kernels()} {}
WeightEncoder::WeightEncoder(const WeightKernels& kernels)
    : impl_{std::make_unique<Impl>(kernels)} {}
WeightEncoder::~WeightEncoder() = default;
WeightEncoder::WeightEncoder(WeightEncoder&&) noexcept = default;
WeightEncoder& WeightEncoder::operator=(WeightEncoder&&) noexcept = default;

ByteView WeightEncoder::encode(DType dtype, ByteView values, std::uint64_t first_element,
                               std::uint64_t row_elements, WeightEffort effort) {
  return impl_->encode(checked_format(dtype, values, {}), values, {},
                       choose_row_pieces(first_element, row_elements), effort);
}

ByteView WeightEncoder::encode_delta(DType dtype, ByteView values, ByteView base,
                                     WeightEffort effort) {
  const WeightFormat& format = checked_format(dtype, values, base);
  if (base.empty()) throw Error{Fault::usage, "a segment and its base differ in size"};
  return impl_->encode(format, values, base, choose_row_pieces(0, 0), effort);
}

std::size_t WeightEncoder::estimate(DType dtype, ByteView values, ByteView base) {
  return impl_->estimate(checked_format(dtype, values, base), values, base);
}

}  // namespace hart::tensor
