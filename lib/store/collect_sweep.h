#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/collect_mark.h"
#include "store/pack_hole.h"
#include "store/store.h"

namespace hart::store {

/// Takes dead rows out of the catalog in short write transactions. Each looks again at what it
/// is about to delete, under the writer lock.
class CollectSweep {
 public:
  /// `proceed` is asked between two transactions; false ends the sweep early.
  CollectSweep(Store& store, TimeUs kept_since_us, bool overwrite,
               std::function<bool()> proceed);
  ~CollectSweep();
  CollectSweep(const CollectSweep&) = delete;
  CollectSweep& operator=(const CollectSweep&) = delete;

  /// False when `proceed` said no.
  bool run(const DeadRows& dead);

  [[nodiscard]] std::uint64_t atoms() const noexcept { return atoms_; }
  [[nodiscard]] std::uint64_t extents() const noexcept { return extents_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  using Ids = std::vector<std::int64_t>;

  bool sweep_atoms(const Ids& dead);
  bool sweep_extents(const Ids& dead);
  /// Deletes the atoms of the doomed that are dead still. Returns those that are left.
  void delete_atoms(Ids& left);
  void delete_extents();
  void doom(const std::int64_t* first, std::size_t count);
  void spare_roots();
  void spare_parts();
  /// Takes ids from `ids` in portions that fit a short transaction.
  template <typename Body> bool in_portions(const Ids& ids, const Body& body);

  Store& store_;
  Connection& db_;
  TimeUs kept_since_us_;
  bool overwrite_;
  std::function<bool()> proceed_;
  std::int64_t data_version_ = 0;
  bool others_wrote_ = false;
  std::size_t portion_;
  std::vector<std::string> root_sql_;
  std::uint64_t atoms_ = 0;
  std::uint64_t extents_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace hart::store
