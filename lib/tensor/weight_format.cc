#include "tensor/weight_format.h"

#include "core/endian.h"
#include "core/error.h"

namespace hart::tensor {
namespace {

constexpr std::array<WeightFormat, 3> kFormats{{
    {DType::bf16, 0, 2, 7, 0xff},
    {DType::f16, 1, 2, 10, 0x1f},
    {DType::f32, 2, 4, 23, 0xff},
}};

constexpr std::uint8_t kHasBase = 1, kHasDifferences = 2, kHasPlain = 4;
constexpr std::size_t kFixedBytes = 8;  // before the blocks' entries
constexpr std::uint32_t kMethodShift = 24;

/// Takes pieces from the front of bytes.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : rest_{bytes} {}

  ByteView take(std::size_t size) {
    if (size > rest_.size()) refuse_coded("the header ends early");
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  template <typename T> T number() { return load_le<T>(take(sizeof(T)).data()); }
  [[nodiscard]] ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
};

/// Appends the tables after their size.
void write_tables(const RansTables& tables, ByteBuffer& out) {
  const std::size_t at = out.size();
  append_le<std::uint32_t>(out, 0);
  tables.store(out);
  store_le(out.data() + at, std::uint32_t(out.size() - at - 4));
}

void read_tables(Cursor& cursor, std::size_t contexts, RansTables& tables) {
  const auto size = cursor.number<std::uint32_t>();
  tables.load(cursor.take(size), contexts);
}

CodedBlock read_block(Cursor& cursor, const SegmentHeader& header) {
  const auto entry = cursor.number<std::uint32_t>();
  const std::uint32_t method = entry >> kMethodShift;
  const std::uint32_t size = entry & ((1u << kMethodShift) - 1);
  if (method > std::uint32_t(BlockMethod::sparse)) refuse_coded("unknown method of a block");
  const CodedBlock block{BlockMethod(method), size};
  const bool needs_base = block.method == BlockMethod::same ||
                          block.method == BlockMethod::dense ||
                          block.method == BlockMethod::sparse;
  if (needs_base && !header.has_base)
    refuse_coded("a block needs a base that the segment has not");
  return block;
}

DifferenceParameters read_differences(Cursor& cursor) {
  DifferenceParameters parameters;
  parameters.top = cursor.number<std::uint16_t>();
  parameters.last = cursor.number<std::uint8_t>();
  if (parameters.last >= kExponentContexts) refuse_coded("too many exponent contexts");
  return parameters;
}

PlainParameters read_plain(Cursor& cursor) {
  PlainParameters parameters;
  parameters.floor = cursor.number<std::uint16_t>();
  parameters.k = cursor.number<std::uint8_t>();
  parameters.classes = cursor.number<std::uint8_t>();
  parameters.pieces.period = cursor.number<std::uint32_t>();
  parameters.pieces.phase = cursor.number<std::uint32_t>();
  parameters.pieces.piece = cursor.number<std::uint16_t>();
  if (parameters.k > 1 || parameters.floor >= 512) refuse_coded("impossible split of the bits");
  if (parameters.classes == 0 || parameters.classes > kRowClasses)
    refuse_coded("impossible number of row classes");
  const RowPieces& pieces = parameters.pieces;
  if (pieces.period == 0 || pieces.piece == 0 || pieces.phase >= pieces.period)
    refuse_coded("impossible rows");
  return parameters;
}

std::uint8_t read_fixed(Cursor& cursor, SegmentHeader& header) {
  if (cursor.number<std::uint8_t>() != kWeightVersion) refuse_coded("unknown version");
  header.format = find_weight_format(cursor.number<std::uint8_t>());
  if (header.format == nullptr) refuse_coded("unknown element type");
  const auto flags = cursor.number<std::uint8_t>();
  if ((flags & ~(kHasBase | kHasDifferences | kHasPlain)) != 0) refuse_coded("unknown flags");
  if (cursor.number<std::uint8_t>() != 0) refuse_coded("a reserved byte is not zero");
  header.has_base = (flags & kHasBase) != 0;
  header.elements = cursor.number<std::uint32_t>();
  if (header.elements == 0 ||
      header.elements > kWeightSegmentBytes / header.format->element_bytes)
    refuse_coded("impossible number of elements");
  return flags;
}

void check_payloads(const SegmentHeader& header, ByteView payloads) {
  std::uint64_t total = 0;
  for (const CodedBlock& block : header.blocks) {
    total += block.coded_bytes;
    const bool coded =
        block.method == BlockMethod::dense || block.method == BlockMethod::sparse;
    if (coded && !header.differences)
      refuse_coded("a block needs tables that the segment has not");
    if (block.method == BlockMethod::plain && !header.plain)
      refuse_coded("a block needs tables that the segment has not");
  }
  if (total != payloads.size()) refuse_coded("the blocks do not fill the stream");
}

}  // namespace

void refuse_coded(const char* why) {
  throw Error{Fault::data, std::string{"coded weights: "} + why};
}

const WeightFormat* find_weight_format(DType dtype) noexcept {
  for (const WeightFormat& format : kFormats)
    if (format.dtype == dtype) return &format;
  return nullptr;
}

const WeightFormat* find_weight_format(std::uint8_t code) noexcept {
  return code < kFormats.size() ? &kFormats[code] : nullptr;
}

bool has_weight_codec(DType dtype) noexcept {
  return find_weight_format(dtype) != nullptr;
}

void write_segment_header(const SegmentHeader& header, const RansTables& differences,
                          const RansTables& plain, ByteBuffer& out) {
  out.push_back(kWeightVersion);
  out.push_back(header.format->code);
  out.push_back(std::uint8_t((header.has_base ? kHasBase : 0) |
                             (header.differences ? kHasDifferences : 0) |
                             (header.plain ? kHasPlain : 0)));
  out.push_back(0);
  append_le(out, header.elements);
  out.resize(out.size() + 4 * header.blocks.size());
  write_block_entries(header, out);
  if (header.differences) {
    append_le(out, header.differences->top);
    append_le(out, header.differences->last);
    write_tables(differences, out);
  }
  if (header.plain) {
    append_le(out, header.plain->floor);
    append_le(out, header.plain->k);
    append_le(out, header.plain->classes);
    append_le(out, header.plain->pieces.period);
    append_le(out, header.plain->pieces.phase);
    append_le(out, header.plain->pieces.piece);
    write_tables(plain, out);
  }
}

void write_block_entries(const SegmentHeader& header, ByteBuffer& stream) {
  std::uint8_t* entry = stream.data() + kFixedBytes;
  for (const CodedBlock& block : header.blocks) {
    store_le(entry, std::uint32_t(block.method) << kMethodShift | block.coded_bytes);
    entry += sizeof(std::uint32_t);
  }
}

ByteView read_segment_header(ByteView coded, SegmentHeader& header, RansTables& differences,
                             RansTables& plain) {
  Cursor cursor{coded};
  const std::uint8_t flags = read_fixed(cursor, header);
  const std::size_t per_block = block_elements(*header.format);
  header.blocks.clear();
  for (std::size_t at = 0; at < header.elements; at += per_block)
    header.blocks.push_back(read_block(cursor, header));
  header.differences.reset();
  header.plain.reset();
  if ((flags & kHasDifferences) != 0) {
    header.differences = read_differences(cursor);
    read_tables(cursor, header.differences->last + std::size_t{2}, differences);
  }
  if ((flags & kHasPlain) != 0) {
    header.plain = read_plain(cursor);
    read_tables(cursor, header.plain->classes, plain);
  }
  check_payloads(header, cursor.rest());
  return cursor.rest();
}

}  // namespace hart::tensor
