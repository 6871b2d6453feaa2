#include <algorithm>
#include <cstring>
#include <tuple>

#include "core/endian.h"
#include "tensor/weight_blocks.h"
#include "tensor/weight_estimate.h"

namespace hart::tensor {
namespace {

/// Exponents of the base are looked at this far apart: prime, so that few rows divide by it.
constexpr std::size_t kExponentStride = 31;
/// Differences that a context should have, so that its table pays.
constexpr std::uint64_t kDifferencesPerContext = 700;

bool is_difference(const BlockPlan& plan) {
  return plan.method == BlockMethod::dense || plan.method == BlockMethod::sparse;
}

}  // namespace

void RansOutput::start(std::size_t symbols) {
  // A symbol takes at most one word; the encoder touches eight below the last.
  const std::size_t size = 2 * symbols + 16;
  end_ = room(words_, size) + size;
  rans_start(writer_, words_.data() + size);
}

void RansOutput::encode(const RansSymbol* table, const std::uint8_t* contexts,
                        const std::uint8_t* symbols, std::size_t n) noexcept {
  kernels_->rans_encode(table, contexts, symbols, n, writer_);
}

DifferenceParameters DifferenceEncoder::plan(const WeightFormat& format, ByteView values,
                                             ByteView base, std::span<const BlockPlan> plans,
                                             std::uint64_t moved) {
  const auto most =
      std::clamp<std::uint64_t>(moved / kDifferencesPerContext, 1, kExponentContexts);
  const auto parameters = choose_exponents(format, base, kExponentStride, most);
  const ExponentRange range{parameters.top, parameters.last, format.mantissa_bits,
                            format.exponent_mask};
  flag_context_ = std::uint8_t(parameters.last + 1);
  counter_.start(parameters.last + std::size_t{2});
  if (format.element_bytes == 2)
    plan_blocks(values, base, plans, range, kernels_->half);
  else
    plan_blocks(values, base, plans, range, kernels_->single);
  counter_.make_tables(tables_);
  encoder_ = tables_.encoder();
  return parameters;
}

template <typename T>
void DifferenceEncoder::plan_blocks(ByteView values, ByteView base,
                                    std::span<const BlockPlan> plans,
                                    const ExponentRange& range,
                                    const DifferenceKernels<T>& kernels) {
  const std::size_t n = values.size() / sizeof(T);
  room(symbols_, n + kKernelSlack);
  room(contexts_, n + kKernelSlack);
  room(flags_, n / 4 + kKernelSlack);
  room(std::get<std::vector<T>>(z_), kKernelPiece + kKernelSlack);
  // No difference has more raw bits than an element.
  BitWriter bits{room(bits_, values.size() + plans.size() + 8)};
  blocks_.assign(plans.size(), {});
  for (std::size_t b = 0; b < plans.size(); ++b) {
    if (!is_difference(plans[b])) continue;
    Block& block = blocks_[b];
    block.bits_begin = std::size_t(bits.next - bits_.data());
    for (std::size_t i = 0; i < plans[b].size; i += kKernelPiece)
      plan_piece(plans[b], block, values.data(), base.data(), i, range, kernels, bits);
    bits = {end_of_bits(bits)};
    block.bits_end = std::size_t(bits.next - bits_.data());
  }
}

/// Adds the differences of up to kKernelPiece elements from `at` of the block on.
template <typename T>
void DifferenceEncoder::plan_piece(const BlockPlan& plan, Block& block,
                                   const std::uint8_t* values, const std::uint8_t* base,
                                   std::size_t at, const ExponentRange& range,
                                   const DifferenceKernels<T>& kernels, BitWriter& bits) {
  const std::size_t first = plan.begin + at;
  std::size_t n = std::min(kKernelPiece, plan.size - at);
  T* z = std::get<std::vector<T>>(z_).data();
  kernels.differences(values + first * sizeof(T), base + first * sizeof(T), n, z);
  std::uint8_t* contexts = contexts_.data() + plan.begin + block.coded;
  std::uint8_t* symbols = symbols_.data() + plan.begin + block.coded;
  kernels.contexts(base + first * sizeof(T), n, range, contexts);
  if (plan.method == BlockMethod::sparse) {
    std::uint8_t* flags = flags_.data() + first / 4;
    const std::size_t flag_count = (n + 3) / 4;
    n = kernels.gather(z, contexts, n, flags);
    counter_.count(flag_context_, flags, flag_count);
  }
  kernels.to_symbols(z, n, symbols, bits);
  counter_.count(contexts, symbols, n);
  block.coded += n;
}

void DifferenceEncoder::write(std::size_t index, const BlockPlan& plan, ByteBuffer& out) {
  const Block& block = blocks_[index];
  if (plan.method == BlockMethod::sparse) append_le(out, std::uint32_t(block.coded));
  append_le(out, std::uint32_t(block.bits_end - block.bits_begin));
  append(out, ByteView{bits_}.subspan(block.bits_begin, block.bits_end - block.bits_begin));
  const std::size_t flag_count = (plan.size + 3) / 4;
  rans_.start(block.coded + flag_count);
  rans_.encode(encoder_, &contexts_[plan.begin], &symbols_[plan.begin], block.coded);
  if (plan.method == BlockMethod::sparse) {
    std::memset(room(flag_contexts_, flag_count), flag_context_, flag_count);
    rans_.encode(encoder_, flag_contexts_.data(), &flags_[plan.begin / 4], flag_count);
  }
  rans_.finish(out);
}

}  // namespace hart::tensor
