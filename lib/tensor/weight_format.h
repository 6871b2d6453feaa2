#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/bytes.h"
#include "tensor/dtype.h"
#include "tensor/rans.h"
#include "tensor/weight_codec.h"
#include "tensor/weight_rows.h"

namespace hart::tensor {

// The parts of a coded segment. hart-store.5 specifies every byte.

inline constexpr std::uint8_t kWeightVersion = 1;
/// Exponent contexts of a difference table and row classes of a plain table, at most.
inline constexpr std::size_t kExponentContexts = 16;
inline constexpr std::size_t kRowClasses = 32;

/// How a block is coded.
enum class BlockMethod : std::uint8_t {
  raw = 0,     ///< its bytes
  same = 1,    ///< nothing: it equals the base
  planes = 2,  ///< its bytes by significance, less the base's by XOR, as one zstd frame
  plain = 3,   ///< exponents in row contexts, the rest raw
  dense = 4,   ///< differences to the base
  sparse = 5,  ///< which elements differ from the base, then by how much
};

/// A float format that can be coded.
struct WeightFormat {
  DType dtype;
  std::uint8_t code;  ///< in the stream
  std::uint8_t element_bytes;
  std::uint8_t mantissa_bits;
  std::uint8_t exponent_mask;
};

/// The format of `dtype`; nullptr when it has none.
[[nodiscard]] const WeightFormat* find_weight_format(DType dtype) noexcept;
/// The format with this code in the stream; nullptr when there is none.
[[nodiscard]] const WeightFormat* find_weight_format(std::uint8_t code) noexcept;

struct CodedBlock {
  BlockMethod method = BlockMethod::raw;
  std::uint32_t coded_bytes = 0;
};

/// What a difference table needs besides the frequencies of its `last` + 1 exponent contexts
/// and of the flags.
struct DifferenceParameters {
  std::uint16_t top = 0;
  std::uint8_t last = 0;
};

/// What a plain table needs besides the frequencies of its row classes.
struct PlainParameters {
  std::uint16_t floor = 0;
  std::uint8_t k = 0;
  std::uint8_t classes = 0;
  RowPieces pieces;
};

/// Everything before the blocks' payloads.
struct SegmentHeader {
  const WeightFormat* format = nullptr;
  bool has_base = false;
  std::uint32_t elements = 0;
  std::vector<CodedBlock> blocks;
  std::optional<DifferenceParameters> differences;
  std::optional<PlainParameters> plain;
};

/// Elements of a block but the last.
[[nodiscard]] constexpr std::size_t block_elements(const WeightFormat& format) noexcept {
  return kWeightBlockBytes / format.element_bytes;
}

/// Appends the header and the tables that it announces; `out` must be empty.
void write_segment_header(const SegmentHeader& header, const RansTables& differences,
                          const RansTables& plain, ByteBuffer& out);

/// Overwrites the blocks' entries in a stream that begins with a written header.
void write_block_entries(const SegmentHeader& header, ByteBuffer& stream);

/// Reads a header and the tables, and returns the payloads, which the blocks' sizes fill
/// exactly. Throws Error(data).
[[nodiscard]] ByteView read_segment_header(ByteView coded, SegmentHeader& header,
                                           RansTables& differences, RansTables& plain);

/// Throws Error(data, "coded weights: <why>").
[[noreturn]] void refuse_coded(const char* why);

}  // namespace hart::tensor
