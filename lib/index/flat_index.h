#pragma once

#include <cstddef>
#include <functional>

#include "index/generation.h"
#include "index/vector_block.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::index {

/// Vectors of a generation in blocks of about 256 KiB: reading one blob costs little more than
/// copying it, reading as many rows costs a B-tree step each.
///
/// Table `flat_<generation>`: position, ids (n little-endian i64 pairs: embedding, atom),
/// vectors (n, dim) little-endian f32, checksum (CRC-32C of ids, then of vectors).

/// Builds a generation from the tenant's stored vectors and publishes it. `progress` is told
/// how many vectors were written; what it throws stops the build and leaves everything as it
/// was. Throws Error(no_input) when there is no vector of the model.
IndexInfo build_flat_index(store::Store& store, const store::EmbeddingModel& model,
                           const std::function<void(std::uint64_t)>& progress);

/// Visits the blocks of the generation in ascending order of embedding id. Throws Error(data)
/// on a block that is damaged.
void for_each_flat_block(store::Store& store, const IndexInfo& index, std::size_t dim,
                         const std::function<void(const VectorBlock&)>& visit);

}  // namespace hart::index
