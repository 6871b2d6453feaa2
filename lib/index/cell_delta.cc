#include "index/cell_delta.h"

#include <sqlite3.h>

#include <algorithm>

#include "index/exact.h"

namespace hart::index {

CellDelta::CellDelta(store::Store& store, const store::EmbeddingModel& model,
                     const CellFile& file)
    : model_{model},
      file_{file},
      select_removed_{store.db().prepare(
          "SELECT embedding_removed_id, atom_embedding_id FROM my_embedding_removed"
          " WHERE embedding_model_id = ?1 AND embedding_removed_id > ?2"
          " ORDER BY embedding_removed_id")},
      live_{file.info().items, true},
      last_added_{file.info().last_embedding_id} {
  added_.dim = file.info().dims;
}

void CellDelta::refresh(store::Store& store) {
  std::uint32_t version = 0;
  sqlite3_file_control(store.db().handle(), "main", SQLITE_FCNTL_DATA_VERSION, &version);
  if (version == seen_version_) return;
  take_added(store);
  take_removed();
  seen_version_ = version;
}

void CellDelta::take_added(store::Store& store) {
  for_each_row_block(store, model_, last_added_, [&](const VectorBlock& block) {
    for (std::size_t i = 0; i < block.size(); ++i)
      added_.push_back(block.embedding_ids[i], block.atom_ids[i], block.row(i));
    last_added_ = block.embedding_ids.back();
  });
}

void CellDelta::take_removed() {
  select_removed_.with(model_.embedding_model_id, last_removed_);
  while (select_removed_.step()) {
    last_removed_ = select_removed_.integer(0);
    const std::int64_t embedding_id = select_removed_.integer(1);
    if (embedding_id > file_.info().last_embedding_id)
      forget_added(embedding_id);
    else
      remove_position_of(embedding_id);
  }
  select_removed_.reset();
}

void CellDelta::forget_added(std::int64_t embedding_id) {
  const auto found =
      std::lower_bound(added_.embedding_ids.begin(), added_.embedding_ids.end(), embedding_id);
  if (found == added_.embedding_ids.end() || *found != embedding_id) return;
  const auto at = found - added_.embedding_ids.begin();
  const auto dim = static_cast<std::ptrdiff_t>(added_.dim);
  added_.embedding_ids.erase(found);
  added_.atom_ids.erase(added_.atom_ids.begin() + at);
  added_.values.erase(added_.values.begin() + at * dim, added_.values.begin() + (at + 1) * dim);
}

void CellDelta::remove_position_of(std::int64_t embedding_id) {
  const auto ids = file_.embedding_ids();
  const auto order = file_.by_embedding();
  const auto found = std::lower_bound(order.begin(), order.end(), embedding_id,
                                      [&](std::uint32_t position, std::int64_t id) {
                                        return position < ids.size() && ids[position] < id;
                                      });
  // What was removed before the generation was built is not in it.
  if (found == order.end() || *found >= ids.size() || ids[*found] != embedding_id) return;
  if (!live_.contains(*found)) return;
  live_.remove(*found);
  ++removals_;
}

}  // namespace hart::index
