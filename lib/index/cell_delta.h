#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "index/cell_file.h"
#include "index/cell_scan.h"
#include "index/vector_block.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::index {

/// What became of the acting tenant's vectors since a generation was built: those that were
/// added, side by side, and which of the generation's are gone.
class CellDelta {
 public:
  /// `file` must outlive it. Knows nothing before the first `refresh`.
  CellDelta(store::Store& store, const store::EmbeddingModel& model, const CellFile& file);

  /// Takes in what was committed since the last call; costs a microsecond when nothing was.
  /// Call inside a Snapshot.
  void refresh(store::Store& store);

  /// Vectors newer than the generation, in ascending order of embedding id.
  [[nodiscard]] const VectorBlock& added() const noexcept { return added_; }
  /// The generation's positions that are still there; null when all are.
  [[nodiscard]] const PositionSet* live() const noexcept {
    return removals_ == 0 ? nullptr : &live_;
  }
  [[nodiscard]] bool removed(std::size_t position) const noexcept {
    return removals_ != 0 && !live_.contains(position);
  }
  /// How many of the generation's are gone; changes whenever `live` does.
  [[nodiscard]] std::uint64_t removals() const noexcept { return removals_; }

 private:
  void take_removed();
  void take_added(store::Store& store);
  void forget_added(std::int64_t embedding_id);
  void remove_position_of(std::int64_t embedding_id);

  store::EmbeddingModel model_;
  const CellFile& file_;
  store::Statement select_removed_;
  VectorBlock added_;
  PositionSet live_;
  std::uint64_t removals_ = 0;
  std::int64_t last_removed_ = 0;
  std::int64_t last_added_ = 0;
  std::uint32_t seen_version_ = std::numeric_limits<std::uint32_t>::max();
};

}  // namespace hart::index
