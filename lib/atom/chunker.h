#pragma once

#include <cstddef>

#include "core/bytes.h"

namespace hart::atom {

inline constexpr std::size_t kSmallestChunk = std::size_t{8} << 10;
inline constexpr std::size_t kTargetChunk = std::size_t{64} << 10;
inline constexpr std::size_t kLargestChunk = std::size_t{128} << 10;

/// Length of the chunk that begins `bytes`: at least kSmallestChunk and at most kLargestChunk,
/// or all of `bytes` when they are fewer. Where a chunk ends depends on the 64 bytes before its
/// end and on nothing earlier, so an insertion changes the chunks around it and no others. The
/// caller must show at least kLargestChunk bytes, or all that are left.
///
/// Source: the gear hash of Xia et al., "Ddelta" (2014), with the cut-point skipping of
/// FastCDC (2016). How content is cut is no part of any identity.
[[nodiscard]] std::size_t chunk_length(ByteView bytes) noexcept;

}  // namespace hart::atom
