#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/fsck.h"
#include "store/pack_range.h"

namespace hart::store {

/// What a repair does, and all findings that it puts right at once.
enum class Repair {
  none,      ///< nothing can be done without losing something
  holders,   ///< counts are set to what objects and snapshots say
  period,    ///< the interval index of the history is made anew
  hole,      ///< a hole that is none is forgotten
  extent,    ///< a damaged extent that nothing needs is dropped
  text,      ///< a tenant's full text is indexed anew
  relation,  ///< an edge to or from what its tenant does not hold is dropped
};

/// A row of tenant_atom with another number of holders, or of hidden ones, than it should have;
/// 0: no row.
struct HolderCorrection {
  std::int64_t tenant_id = 0;
  std::int64_t atom_id = 0;
  std::int64_t modality = 0;
  std::int64_t holders = 0;
  std::int64_t hidden = 0;
};

/// Collects findings. Where repairs are to follow they are kept until those are made, else they
/// are told at once.
class FsckReport {
 public:
  FsckReport(Store& store, const FsckOptions& options, const FindingVisitor& visit)
      : store_{store}, options_{options}, visit_{visit} {}

  void find(std::string what, std::string where, Repair repair = Repair::none);
  /// Runs one part of the check. A catalog that cannot be read there is a finding.
  template <typename Check> void part(const Check& check) {
    try {
      check();
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
      find(error.what(), "catalog");
    }
  }
  /// Tells the kept findings; whether they were repaired.
  void tell(const std::set<Repair>& done);

  [[nodiscard]] Store& store() const noexcept { return store_; }
  [[nodiscard]] Connection& db() const noexcept { return store_.db(); }
  [[nodiscard]] const FsckOptions& options() const noexcept { return options_; }

  FsckTotals totals;
  std::vector<HolderCorrection> holder_corrections;
  std::vector<PackRange> false_holes;
  std::vector<std::int64_t> droppable_extents;
  std::set<std::int64_t> broken_texts;  ///< tenants
  std::vector<std::string> leftovers;   ///< paths

 private:
  Store& store_;
  const FsckOptions& options_;
  const FindingVisitor& visit_;
  std::vector<std::pair<Finding, Repair>> kept_;
};

/// The parts of the check, each in the caller's snapshot.
void check_catalog(FsckReport& report);
void check_packs(FsckReport& report);
void check_places(FsckReport& report);
void check_extents(FsckReport& report);
void check_atoms(FsckReport& report);
void check_payloads(FsckReport& report);
void check_geometry(FsckReport& report);
void check_holders(FsckReport& report);
void check_history(FsckReport& report);
void check_relations(FsckReport& report);
/// Not in a snapshot: asking FTS5 needs the write lock, which is held for that long.
void check_text(FsckReport& report);

/// Makes the repairs that the findings ask for, inside the caller's WriteTransaction. Returns
/// those that were made.
std::set<Repair> make_repairs(FsckReport& report);
void drop_stray_relations(Connection& db);
void reindex_text(Store& store, std::int64_t tenant_id);

/// "extent 7 in pack 1 at offset 192".
[[nodiscard]] std::string extent_place(const ExtentRecord& extent);
/// "tenant default".
[[nodiscard]] std::string tenant_label(Connection& db, std::int64_t tenant_id);
/// "atom sha256:…", or its number when its row is gone.
[[nodiscard]] std::string atom_label(Connection& db, std::int64_t atom_id);

}  // namespace hart::store
