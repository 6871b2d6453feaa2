#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "store/file_io.h"
#include "store/pack_range.h"
#include "store/store.h"

namespace hart::store {

/// Gives holes that no reader can need back to the file system, and removes packs that no
/// extent names.
class CollectFree {
 public:
  /// `proceed` is asked between two transactions; false ends the work early.
  CollectFree(Store& store, bool overwrite, std::function<bool()> proceed);

  /// Begins the next epoch, waits up to `wait_seconds` for readers of earlier ones, and frees
  /// what is before the oldest reader. False when `proceed` said no.
  bool run(double wait_seconds);
  /// Where files cannot have holes: copies what lives in packs of which more than half is dead
  /// to the newest pack, so that the next `run` can remove them. True when anything was copied.
  bool rewrite_packs();

  [[nodiscard]] std::uint64_t bytes_freed() const noexcept { return bytes_freed_; }
  [[nodiscard]] std::uint64_t packs_removed() const noexcept { return packs_removed_; }
  /// Holes that readers may still need, or that are still to be freed.
  [[nodiscard]] std::uint64_t bytes_waiting();
  /// Holes that cannot be given back.
  [[nodiscard]] std::uint64_t bytes_kept();

 private:
  struct Hole {
    PackRange range;
    bool overwrite = false;
  };

  void begin_epoch();
  void wait_for_readers(double wait_seconds);
  [[nodiscard]] std::uint64_t dead_bytes(std::int64_t pack_id);
  void remove_packs();
  void remove_pack(std::int64_t pack_id);
  bool punch_holes();
  /// Frees a portion of a pack's holes. False when nothing is left to do in this pack.
  bool punch_portion(std::int64_t pack_id);
  [[nodiscard]] std::vector<Hole> next_holes(std::int64_t pack_id);
  void overwrite(File& file, const PackRange& range);
  /// Copies extents with an id above `after`, and moves it on. False when there are none.
  bool rewrite_portion(std::int64_t pack_id, std::int64_t& after);

  Store& store_;
  Connection& db_;
  bool overwrite_;
  std::function<bool()> proceed_;
  std::int64_t free_to_ = 0;      ///< holes of epochs up to this one
  std::set<std::int64_t> solid_;  ///< packs in which the file system makes no holes
  std::uint64_t bytes_freed_ = 0;
  std::uint64_t packs_removed_ = 0;
};

}  // namespace hart::store
