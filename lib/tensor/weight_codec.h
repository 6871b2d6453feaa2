#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/bytes.h"
#include "tensor/dtype.h"

namespace hart::tensor {

/// Lossless coding of float weights, alone or as the difference to the weights of a similar
/// model. A tensor is cut into segments; a segment is coded as one self-describing stream,
/// which `hart-store.5` specifies byte by byte.
///
/// Alone, a weight's exponent and first mantissa bit are entropy-coded (rANS) in the context of
/// the scale of its row; sign and mantissa are noise and stay raw. Against a base, the distance
/// of the two values, counted in representable floats, is entropy-coded in the context of the
/// base's exponent; where fewer than 30 % of the weights moved, which ones moved is coded
/// first. Every bit pattern survives: NaNs with their payload, infinities, subnormals, both
/// zeros.
///
/// Sources: J. Duda, "Asymmetric numeral systems", arXiv:1311.2540, 2013; F. Giesen,
/// "Interleaved entropy coders", arXiv:1402.3392, 2014.

/// A segment holds at most this many decoded bytes: one group of blocks sharing its tables.
inline constexpr std::size_t kWeightSegmentBytes = std::size_t{2} << 20;

/// A segment is cut into blocks of this many decoded bytes, the last one shorter. A block is
/// the unit of random access, and each has the method that suits it.
inline constexpr std::size_t kWeightBlockBytes = std::size_t{256} << 10;

/// `fast` decides from samples. `best` also tries byte planes (zstd) on each block where they
/// may win and keeps what is shorter: slightly slower on weights, several times on what
/// repeats.
enum class WeightEffort { fast, best };

/// Whether weights of `dtype` can be coded: bf16, f16 and f32.
[[nodiscard]] bool has_weight_codec(DType dtype) noexcept;

struct WeightKernels;

/// Codes segments. Keeps its buffers (about 12 MiB) between calls: use one a thread. The
/// stream depends on the arguments alone, neither on the CPU nor on earlier calls.
class WeightEncoder {
 public:
  /// Uses the fastest kernels that the processor has.
  WeightEncoder();
  /// Uses the given kernels; all of them write the same streams.
  explicit WeightEncoder(const WeightKernels& kernels);
  ~WeightEncoder();
  WeightEncoder(WeightEncoder&&) noexcept;
  WeightEncoder& operator=(WeightEncoder&&) noexcept;

  /// Codes `values`: whole elements of `dtype`, 1 to kWeightSegmentBytes bytes, aligned
  /// anyhow. Their first element has index `first_element` in a tensor with rows of
  /// `row_elements` (0 or 1: no rows); the contexts follow the rows. The result is valid until
  /// the next call; it is empty when coding would save less than 1/64.
  /// Throws Error(usage) on another dtype or size.
  [[nodiscard]] ByteView encode(DType dtype, ByteView values, std::uint64_t first_element,
                                std::uint64_t row_elements, WeightEffort effort);

  /// The same, as numeric differences to `base`, as many bytes of the same dtype.
  [[nodiscard]] ByteView encode_delta(DType dtype, ByteView values, ByteView base,
                                      WeightEffort effort);

  /// About how many bytes `encode` (with an empty `base`) or `encode_delta` would give, from a
  /// sample of the segment, at a few per cent of their cost: to judge whether a base is worth
  /// it. At most values.size(). Throws as they do.
  [[nodiscard]] std::size_t estimate(DType dtype, ByteView values, ByteView base);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Decodes segments. Keeps its buffers (about 2 MiB) between calls: use one a thread.
///
/// The stream has no checksum: damage may decode to other weights. What is certain on any
/// input: nothing outside `coded` and `base` is read, and nothing outside `out` is written.
/// After an exception `out` holds anything.
class WeightDecoder {
 public:
  WeightDecoder();
  explicit WeightDecoder(const WeightKernels& kernels);
  ~WeightDecoder();
  WeightDecoder(WeightDecoder&&) noexcept;
  WeightDecoder& operator=(WeightDecoder&&) noexcept;

  /// Decodes a whole segment. `out` has exactly its decoded size; `base` is what `encode_delta`
  /// had, empty after `encode`. Throws Error(data) when `coded` is no valid stream for these
  /// sizes.
  void decode(ByteView coded, ByteView base, std::span<std::uint8_t> out);

  /// Decodes bytes [offset, offset + out.size()) of a segment, and for that only the blocks
  /// that hold them. `base` is the base of the whole segment. Throws Error(data) as `decode`
  /// does for the parts it reads, and when the range leaves the segment.
  void decode_range(ByteView coded, ByteView base, std::uint64_t offset,
                    std::span<std::uint8_t> out);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hart::tensor
