#include "store/fsck_report.h"

#include "core/id.h"

namespace hart::store {

void FsckReport::find(std::string what, std::string where, Repair repair) {
  ++totals.findings;
  Finding finding{std::move(what), std::move(where), false};
  if (options_.repair) {
    kept_.emplace_back(std::move(finding), repair);
  } else {
    visit_(finding);
  }
}

void FsckReport::tell(const std::set<Repair>& done) {
  for (auto& [finding, repair] : kept_) {
    finding.repaired = done.contains(repair);
    if (finding.repaired) ++totals.repaired;
    visit_(finding);
  }
  kept_.clear();
}

std::string extent_place(const ExtentRecord& extent) {
  return "extent " + std::to_string(extent.extent_id) + " in pack " +
         std::to_string(extent.pack_id) + " at offset " + std::to_string(extent.pack_offset);
}

std::string tenant_label(Connection& db, std::int64_t tenant_id) {
  Statement name = db.prepare("SELECT name FROM tenant WHERE tenant_id = ?", Scope::owner);
  if (!name.with(tenant_id).step()) return "tenant " + std::to_string(tenant_id);
  return "tenant " + std::string{name.text(0)};
}

std::string atom_label(Connection& db, std::int64_t atom_id) {
  Statement atom = db.prepare("SELECT space, hash FROM atom WHERE atom_id = ?", Scope::owner);
  if (!atom.with(atom_id).step() || atom.blob(1).size() != sizeof(Hash256))
    return "atom " + std::to_string(atom_id);
  return "atom " + Id{static_cast<IdSpace>(atom.integer(0)), atom.hash(1)}.text();
}

}  // namespace hart::store
