#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/cell_file.h"

namespace hart::index {

/// Four bits a segment, two segments a byte, for keeping codes while an index is built.
/// `packed` has segments / 2 bytes.
void pack_segments(std::span<const std::uint8_t> segments, std::uint8_t* packed) noexcept;
void unpack_segments(const std::uint8_t* packed, std::span<std::uint8_t> segments) noexcept;

/// Writes `vector` in the form that the index keeps it in to `out`, and returns what makes its
/// score of the product with a query (of its direction under the cosine). f32 keeps the vector
/// itself; f16 and int8 keep its direction, since their ranges are small.
ScoreWeights pack_vector(std::span<const float> vector, Metric metric, VectorStorage storage,
                         std::uint8_t* out);

/// The stored vector as f32, without its scale.
void unpack_vector(const std::uint8_t* stored, VectorStorage storage,
                   std::span<float> out) noexcept;

/// The vector at `position` in the form that queries have: of length 1 under the cosine.
[[nodiscard]] std::vector<float> stored_query(const CellFile& file, std::size_t position);

}  // namespace hart::index
