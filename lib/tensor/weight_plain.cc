#include <algorithm>
#include <bit>
#include <cstring>

#include "core/endian.h"
#include "tensor/weight_blocks.h"

namespace hart::tensor {
namespace {

/// A mean is counted in this part of a symbol.
constexpr std::uint64_t kMeanScale = 64;

}  // namespace

PlainParameters PlainEncoder::plan(const WeightFormat& format, ByteView values,
                                   std::span<const BlockPlan> plans, const RowPieces& pieces) {
  const std::size_t n = values.size() / format.element_bytes;
  has_lower_ = format.element_bytes == 4;
  room(upper_, n);
  if (has_lower_) room(lower_, n);
  room(symbols_, n + kKernelSlack);
  room(contexts_, n + kKernelSlack);
  room(low_, n + kKernelSlack);
  blocks_.assign(plans.size(), {});
  for (std::size_t b = 0; b < plans.size(); ++b)
    if (plans[b].method == BlockMethod::plain) load_upper(format, values, plans[b], blocks_[b]);
  choose_split(plans);
  pieces_.clear();
  means_.clear();
  for (std::size_t b = 0; b < plans.size(); ++b)
    if (plans[b].method == BlockMethod::plain) split_block(plans[b], blocks_[b], pieces);
  const std::size_t classes = count_classes();
  encoder_ = tables_.encoder();
  return {split_.floor, split_.k, std::uint8_t(classes), pieces};
}

void PlainEncoder::load_upper(const WeightFormat& format, ByteView values,
                              const BlockPlan& plan, Block& block) {
  const std::uint8_t* from = values.data() + plan.begin * format.element_bytes;
  if (has_lower_)
    block.lower_any =
        kernels_->halve(from, plan.size, &upper_[plan.begin], &lower_[plan.begin]);
  else
    std::memcpy(&upper_[plan.begin], from, plan.size * format.element_bytes);
}

/// One mantissa bit joins the symbol if the values then still span at most 255 symbols;
/// without, they always do.
void PlainEncoder::choose_split(std::span<const BlockPlan> plans) {
  std::uint16_t least = 0xffff, greatest = 0;
  for (const BlockPlan& plan : plans) {
    if (plan.method != BlockMethod::plain) continue;
    std::uint16_t low = 0, high = 0;
    kernels_->range(&upper_[plan.begin], plan.size, 1, low, high);
    least = std::min(least, low);
    greatest = std::max(greatest, high);
  }
  if (least == 0xffff) least = 1;
  const bool fits = greatest < least + 255;
  split_.k = fits ? 1 : 0;
  split_.floor = fits ? std::uint16_t(least - 1) : std::uint16_t{0};
}

void PlainEncoder::split_block(const BlockPlan& plan, Block& block, const RowPieces& pieces) {
  kernels_->split(&upper_[plan.begin], plan.size, split_, &symbols_[plan.begin],
                  &low_[plan.begin]);
  block.first_piece = pieces_.size();
  const std::size_t end = plan.begin + plan.size;
  for (std::size_t i = plan.begin; i < end;) {
    const auto next = std::size_t(std::min<std::uint64_t>(pieces.next(i), end));
    std::uint32_t sum = 0;
    for (std::size_t k = i; k < next; ++k) sum += symbols_[k];
    means_.push_back(std::uint32_t(sum * kMeanScale / (next - i)));
    pieces_.push_back({i, next});
    i = next;
  }
  block.end_piece = pieces_.size();
}

std::size_t PlainEncoder::count_classes() {
  const std::size_t classes =
      classify_rows(means_, kRowClasses, room(classes_, pieces_.size()));
  counter_.start(classes);
  for (std::size_t p = 0; p < pieces_.size(); ++p) {
    const std::size_t begin = pieces_[p].begin, size = pieces_[p].end - begin;
    std::memset(&contexts_[begin], classes_[p], size);
    counter_.count(classes_[p], &symbols_[begin], size);
  }
  counter_.make_tables(tables_);
  return classes;
}

void PlainEncoder::write_low(const BlockPlan& plan, ByteBuffer& out) const {
  for (std::size_t i = 0; i < plan.size; i += kKernelPiece) {
    const std::size_t n = std::min(kKernelPiece, plan.size - i);
    const std::uint8_t* low = &low_[plan.begin + i];
    const std::size_t at = out.size(), stride = (n + 7) / 8;
    if (split_.k == 0) {
      append(out, {low, n});
      continue;
    }
    out.resize(at + 7 * stride);
    std::uint8_t padded[kKernelPiece] = {};
    if (n < kKernelPiece) low = static_cast<const std::uint8_t*>(std::memcpy(padded, low, n));
    kernels_->pack7(low, stride, out.data() + at);
  }
}

/// The lower halves, less the bits at their end that are zero throughout, as in weights that
/// once were shorter floats.
void PlainEncoder::write_lower(const BlockPlan& plan, const Block& block,
                               ByteBuffer& out) const {
  const std::uint16_t* lower = &lower_[plan.begin];
  const unsigned kept =
      block.lower_any == 0 ? 0 : 16 - unsigned(std::countr_zero(block.lower_any));
  out.push_back(std::uint8_t(kept));
  const std::size_t at = out.size();
  if (kept == 16) {
    out.resize(at + 2 * plan.size);
    std::memcpy(out.data() + at, lower, 2 * plan.size);
    return;
  }
  out.resize(at + plan.size * kept / 8 + 9);
  BitWriter bits{out.data() + at};
  for (std::size_t i = 0; i < plan.size; ++i) put_bits(bits, lower[i] >> (16 - kept), kept);
  out.resize(std::size_t(end_of_bits(bits) - out.data()));
}

void PlainEncoder::write(std::size_t index, const BlockPlan& plan, ByteBuffer& out) {
  const Block& block = blocks_[index];
  if (has_lower_) write_lower(plan, block, out);
  write_low(plan, out);
  append(out,
         ByteView{classes_}.subspan(block.first_piece, block.end_piece - block.first_piece));
  rans_.start(plan.size);
  rans_.encode(encoder_, &contexts_[plan.begin], &symbols_[plan.begin], plan.size);
  rans_.finish(out);
}

}  // namespace hart::tensor
