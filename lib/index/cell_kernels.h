#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hart::index {

// The inner loops of the cell index for one instruction set. This header has no inline code, so
// that files built for one instruction set share nothing with the rest of the program. Integer
// sums are exact and floats are multiplied and added apart, so estimates have the same bits
// everywhere; only `dot_f32`, `dot_f16` and `dot_i8`, which rank candidates for the rerank, fix
// another order of additions: product i goes to lane i mod 32 with a fused multiply-add, then
// lanes are added in halves.

/// Codes a block holds, interleaved for the scan.
inline constexpr std::size_t kCodesPerBlock = 32;
/// Dimensions that one table lookup covers.
inline constexpr std::size_t kDimsPerSegment = 4;

/// What turns the sum of table entries into the estimated score of a vector with the query:
/// (sum × step + low) × factor + add.
struct CodeQuery {
  const std::uint8_t* table;  ///< (segments, 16): what each pattern of four bits adds
  std::size_t segments;       ///< even
  float step;
  float low;
};

/// Offsets in a block: factors, additions and errors as f32 (32 each), positions as u32 (32),
/// then `segments` rows of 16 bytes; byte j of a row holds four bits of vector j in its low
/// half and of vector j + 16 in its high half.
inline constexpr std::size_t kBlockFactor = 0;
inline constexpr std::size_t kBlockAdd = 128;
inline constexpr std::size_t kBlockError = 256;
inline constexpr std::size_t kBlockPosition = 384;
inline constexpr std::size_t kBlockCodes = 512;

struct CellKernels {
  const char* name;
  /// Estimates of the 32 vectors of `block` into `estimates`; bit i of the result says that
  /// estimate i is above `threshold`.
  std::uint32_t (*scan)(const std::uint8_t* block, const CodeQuery& query, float threshold,
                        float* estimates) noexcept;
  /// Fills `table` (segments, 16) from a rotated query (4 × segments) and returns the largest
  /// span of a segment: entry t of a segment is Σ ±q over its four values, sign + where t has
  /// the bit, moved to start at 0 and scaled to 255 for the largest span.
  float (*fill_table)(const float* query, std::size_t segments, std::uint8_t* table) noexcept;
  /// Walsh–Hadamard transform of `n` values in place, n a power of two ≥ 8, not scaled.
  void (*hadamard)(float* values, std::size_t n) noexcept;
  float (*dot_f32)(const float* a, const float* b, std::size_t n) noexcept;
  float (*dot_f16)(const std::uint16_t* a, const float* b, std::size_t n) noexcept;
  float (*dot_i8)(const std::int8_t* a, const float* b, std::size_t n) noexcept;
};

/// Those that this processor can run and HART_CPU does not switch off, the scalar definition
/// first, the fastest last.
[[nodiscard]] std::span<const CellKernels> all_cell_kernels() noexcept;
/// The fastest of them.
[[nodiscard]] const CellKernels& cell_kernels() noexcept;

[[nodiscard]] CellKernels scalar_cell_kernels() noexcept;
/// To be called on a processor with AVX2, FMA and F16C only.
[[nodiscard]] CellKernels avx2_cell_kernels() noexcept;

}  // namespace hart::index
