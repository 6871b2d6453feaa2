#include <algorithm>
#include <cstring>
#include <tuple>

#include "core/endian.h"
#include "core/error.h"
#include "tensor/weight_blocks.h"
#include "tensor/weight_codec.h"
#include "tensor/weight_planes.h"

namespace hart::tensor {
namespace {

/// Takes pieces from the front of a block's payload.
ByteView take(ByteView& payload, std::size_t size) {
  if (size > payload.size()) refuse_coded("a block ends early");
  const ByteView taken = payload.first(size);
  payload = payload.subspan(size);
  return taken;
}

std::uint32_t take_number(ByteView& payload) {
  return load_le<std::uint32_t>(take(payload, sizeof(std::uint32_t)).data());
}

/// Raw bits from the front of a payload; states of rANS follow, so that reading beyond stays
/// within the payload.
BitReader take_bits(ByteView& payload, std::size_t size) {
  const ByteView bits = take(payload, size);
  if (payload.size() < kRansStateBytes) refuse_coded("a block ends early");
  return {bits.data(), 0, 8 * std::uint64_t{size}};
}

std::size_t low_bytes(std::size_t n, unsigned k) {
  const std::size_t tail = n % kKernelPiece;
  return k == 0 ? n : (n - tail) / 8 * 7 + (tail + 7) / 8 * 7;
}

}  // namespace

class WeightDecoder::Impl {
 public:
  explicit Impl(const WeightKernels& kernels)
      : kernels_{&kernels},
        contexts_(kWeightBlockBytes / 2 + kKernelSlack),
        packed_(kWeightBlockBytes / 2 + kKernelSlack),
        flags_(kWeightBlockBytes / 8 + kKernelSlack),
        symbols_(kWeightBlockBytes / 2 + kKernelSlack),
        low_(kKernelPiece + kKernelSlack),
        upper_(kKernelPiece),
        lower_(kKernelPiece),
        z_(kKernelPiece + kKernelSlack, kKernelPiece + kKernelSlack) {}

  /// Reads the header; `bytes` is the size that the segment must have, if it is known.
  void open(ByteView coded, ByteView base, std::optional<std::uint64_t> bytes);
  /// Decodes the blocks that hold the range.
  void decode_range(std::uint64_t offset, std::span<std::uint8_t> out);

 private:
  void decode_block(std::size_t index, ByteView payload, std::span<std::uint8_t> out);
  void decode_plain(std::size_t first, ByteView payload, std::span<std::uint8_t> out);
  void decode_classes(std::size_t first, std::size_t n, ByteView& payload);
  void decode_lower(BitReader& bits, unsigned kept, std::size_t n);
  template <typename T>
  void decode_dense(ByteView payload, ByteView base, std::span<std::uint8_t> out,
                    const DifferenceKernels<T>& kernels);
  template <typename T>
  void decode_sparse(ByteView payload, ByteView base, std::span<std::uint8_t> out,
                     const DifferenceKernels<T>& kernels);
  template <typename T>
  std::size_t decode_flags(std::size_t n, ByteView base, RansReader& reader,
                           const DifferenceKernels<T>& kernels);

  void symbols(const std::uint32_t* table, const std::uint8_t* contexts, std::uint8_t* to,
               std::size_t n, RansReader& reader) const {
    if (!kernels_->rans_decode(table, contexts, to, n, reader))
      refuse_coded("the words of a block end early");
  }
  [[nodiscard]] ExponentRange exponent_range() const {
    return {header_.differences->top, header_.differences->last, header_.format->mantissa_bits,
            header_.format->exponent_mask};
  }

  const WeightKernels* kernels_;
  PlaneDecoder planes_;
  SegmentHeader header_;
  RansTables difference_tables_, plain_tables_;
  const std::uint32_t* difference_table_ = nullptr;
  const std::uint32_t* plain_table_ = nullptr;
  ByteView payloads_, base_;
  std::vector<std::uint8_t> contexts_, packed_, flags_, symbols_;  ///< of a block
  std::vector<std::uint8_t> low_;                                  ///< these of a piece
  std::vector<std::uint16_t> upper_, lower_;
  std::tuple<std::vector<std::uint16_t>, std::vector<std::uint32_t>> z_, nonzero_;
  ByteBuffer block_;  ///< a decoded block of which a part is wanted
};

void WeightDecoder::Impl::open(ByteView coded, ByteView base,
                               std::optional<std::uint64_t> bytes) {
  payloads_ = read_segment_header(coded, header_, difference_tables_, plain_tables_);
  const std::uint64_t decoded = std::uint64_t{header_.elements} * header_.format->element_bytes;
  if (bytes && decoded != *bytes) refuse_coded("the segment has another size");
  if (header_.has_base ? base.size() != decoded : !base.empty())
    refuse_coded("the base is missing, has another size, or is not wanted");
  base_ = base;
  difference_table_ = header_.differences ? difference_tables_.decoder() : nullptr;
  plain_table_ = header_.plain ? plain_tables_.decoder() : nullptr;
}

void WeightDecoder::Impl::decode_range(std::uint64_t offset, std::span<std::uint8_t> out) {
  const std::uint64_t decoded = std::uint64_t{header_.elements} * header_.format->element_bytes;
  if (offset > decoded || out.size() > decoded - offset)
    refuse_coded("the range leaves the segment");
  std::size_t payload = 0;
  const std::uint64_t end = offset + out.size();
  for (std::size_t b = 0; b < header_.blocks.size(); ++b) {
    const std::uint64_t begin = b * kWeightBlockBytes;
    const std::size_t size =
        std::size_t(std::min<std::uint64_t>(kWeightBlockBytes, decoded - begin));
    const ByteView coded = payloads_.subspan(payload, header_.blocks[b].coded_bytes);
    payload += coded.size();
    if (begin >= end || begin + size <= offset) continue;
    if (begin >= offset && begin + size <= end) {
      decode_block(b, coded, out.subspan(std::size_t(begin - offset), size));
      continue;
    }
    block_.resize(size);
    decode_block(b, coded, block_);
    const std::uint64_t from = std::max(offset, begin), to = std::min(end, begin + size);
    std::memcpy(out.data() + (from - offset), block_.data() + (from - begin),
                std::size_t(to - from));
  }
}

void WeightDecoder::Impl::decode_block(std::size_t index, ByteView payload,
                                       std::span<std::uint8_t> out) {
  const std::size_t at = index * kWeightBlockBytes, size = header_.format->element_bytes;
  const ByteView base = header_.has_base ? base_.subspan(at, out.size()) : ByteView{};
  switch (header_.blocks[index].method) {
    case BlockMethod::raw:
      if (payload.size() != out.size()) refuse_coded("a raw block has another size");
      std::memcpy(out.data(), payload.data(), out.size());
      break;
    case BlockMethod::same:
      if (!payload.empty()) refuse_coded("a block that equals the base has a payload");
      std::memcpy(out.data(), base.data(), out.size());
      break;
    case BlockMethod::planes:
      planes_.decode(payload, base, size, out);
      break;
    case BlockMethod::plain:
      decode_plain(at / size, payload, out);
      break;
    case BlockMethod::dense:
      if (size == 2)
        decode_dense(payload, base, out, kernels_->half);
      else
        decode_dense(payload, base, out, kernels_->single);
      break;
    case BlockMethod::sparse:
      if (size == 2)
        decode_sparse(payload, base, out, kernels_->half);
      else
        decode_sparse(payload, base, out, kernels_->single);
      break;
  }
}

/// Spreads the class of each piece over its elements.
void WeightDecoder::Impl::decode_classes(std::size_t first, std::size_t n, ByteView& payload) {
  const PlainParameters& plain = *header_.plain;
  for (std::size_t i = first; i < first + n;) {
    const auto next = std::size_t(std::min<std::uint64_t>(plain.pieces.next(i), first + n));
    const std::uint8_t row_class = take(payload, 1)[0];
    if (row_class >= plain.classes) refuse_coded("unknown row class");
    std::memset(&contexts_[i - first], row_class, next - i);
    i = next;
  }
}

void WeightDecoder::Impl::decode_lower(BitReader& bits, unsigned kept, std::size_t n) {
  if (kept == 16) {
    std::memcpy(lower_.data(), bits.data + bits.position / 8, 2 * n);
    bits.position += 16 * n;
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t value = 0;
    if (!get_bits(bits, kept, value)) refuse_coded("the raw bits of a block end early");
    lower_[i] = std::uint16_t(value << (16 - kept));
  }
}

void WeightDecoder::Impl::decode_plain(std::size_t first, ByteView payload,
                                       std::span<std::uint8_t> out) {
  const PlainParameters& plain = *header_.plain;
  const std::size_t size = header_.format->element_bytes, n = out.size() / size;
  unsigned kept = 0;
  BitReader lower;
  if (size == 4) {
    kept = take(payload, 1)[0];
    if (kept > 16) refuse_coded("impossible number of raw bits");
    lower = take_bits(payload, (n * kept + 7) / 8);
  }
  const ByteView low = take(payload, low_bytes(n, plain.k));
  decode_classes(first, n, payload);
  RansReader reader;
  rans_start(reader, payload);
  const PlainSplit split{plain.k, plain.floor};
  const std::uint8_t* next_low = low.data();
  for (std::size_t i = 0; i < n; i += kKernelPiece) {
    const std::size_t m = std::min(kKernelPiece, n - i);
    symbols(plain_table_, &contexts_[i], symbols_.data(), m, reader);
    const std::uint8_t* piece_low = next_low;
    if (plain.k == 1) {
      kernels_->unpack7(next_low, (m + 7) / 8, low_.data());
      piece_low = low_.data();
    }
    next_low += low_bytes(m, plain.k);
    kernels_->join(symbols_.data(), piece_low, m, split, upper_.data());
    if (size == 4) {
      decode_lower(lower, kept, m);
      kernels_->unhalve(upper_.data(), lower_.data(), m, out.data() + i * size);
    } else {
      std::memcpy(out.data() + i * size, upper_.data(), m * size);
    }
  }
  rans_finish(reader);
}

template <typename T>
void WeightDecoder::Impl::decode_dense(ByteView payload, ByteView base,
                                       std::span<std::uint8_t> out,
                                       const DifferenceKernels<T>& kernels) {
  const std::size_t n = out.size() / sizeof(T);
  const std::uint32_t bit_bytes = take_number(payload);
  BitReader bits = take_bits(payload, bit_bytes);
  RansReader reader;
  rans_start(reader, payload);
  const ExponentRange range = exponent_range();
  T* z = std::get<std::vector<T>>(z_).data();
  for (std::size_t i = 0; i < n; i += kKernelPiece) {
    const std::size_t m = std::min(kKernelPiece, n - i);
    const std::uint8_t* piece_base = base.data() + i * sizeof(T);
    kernels.contexts(piece_base, m, range, contexts_.data());
    symbols(difference_table_, contexts_.data(), symbols_.data(), m, reader);
    if (!kernels.from_symbols(symbols_.data(), m, z, bits))
      refuse_coded("impossible difference");
    kernels.add_differences(z, piece_base, m, out.data() + i * sizeof(T));
  }
  rans_finish(reader);
}

/// Flags of a block's elements, and the contexts of the flagged ones, packed, whose number is
/// returned.
template <typename T>
std::size_t WeightDecoder::Impl::decode_flags(std::size_t n, ByteView base, RansReader& reader,
                                              const DifferenceKernels<T>& kernels) {
  const ExponentRange range = exponent_range();
  const std::size_t flag_count = (n + 3) / 4;
  std::memset(contexts_.data(), range.last + 1, flag_count);
  symbols(difference_table_, contexts_.data(), flags_.data(), flag_count, reader);
  std::size_t moved = 0;
  for (std::size_t i = 0; i < n; i += kKernelPiece) {
    const std::size_t m = std::min(kKernelPiece, n - i);
    kernels.contexts(base.data() + i * sizeof(T), m, range, contexts_.data());
    moved += kernels_->gather_contexts(&flags_[i / 4], contexts_.data(), m, &packed_[moved]);
  }
  return moved;
}

template <typename T>
void WeightDecoder::Impl::decode_sparse(ByteView payload, ByteView base,
                                        std::span<std::uint8_t> out,
                                        const DifferenceKernels<T>& kernels) {
  const std::size_t n = out.size() / sizeof(T);
  const std::uint32_t expected = take_number(payload), bit_bytes = take_number(payload);
  BitReader bits = take_bits(payload, bit_bytes);
  RansReader reader;
  rans_start(reader, payload);
  if (decode_flags(n, base, reader, kernels) != expected)
    refuse_coded("the number of differences is another");
  symbols(difference_table_, packed_.data(), symbols_.data(), expected, reader);
  rans_finish(reader);

  // The moved elements of a block may be as many as its elements.
  T* nonzero = room(std::get<std::vector<T>>(nonzero_), n + kKernelSlack);
  if (!kernels.from_symbols(symbols_.data(), expected, nonzero, bits))
    refuse_coded("impossible difference");
  T* z = std::get<std::vector<T>>(z_).data();
  for (std::size_t i = 0; i < n; i += kKernelPiece) {
    const std::size_t m = std::min(kKernelPiece, n - i);
    nonzero += kernels.scatter(&flags_[i / 4], nonzero, m, z);
    kernels.add_differences(z, base.data() + i * sizeof(T), m, out.data() + i * sizeof(T));
  }
}

WeightDecoder::WeightDecoder() : WeightDecoder{weight_kernels()} {}
WeightDecoder::WeightDecoder(const WeightKernels& kernels)
    : impl_{std::make_unique<Impl>(kernels)} {}
WeightDecoder::~WeightDecoder() = default;
WeightDecoder::WeightDecoder(WeightDecoder&&) noexcept = default;
WeightDecoder& WeightDecoder::operator=(WeightDecoder&&) noexcept = default;

void WeightDecoder::decode(ByteView coded, ByteView base, std::span<std::uint8_t> out) {
  impl_->open(coded, base, out.size());
  impl_->decode_range(0, out);
}

void WeightDecoder::decode_range(ByteView coded, ByteView base, std::uint64_t offset,
                                 std::span<std::uint8_t> out) {
  impl_->open(coded, base, std::nullopt);
  impl_->decode_range(offset, out);
}

}  // namespace hart::tensor
