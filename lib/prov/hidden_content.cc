#include "prov/hidden_content.h"

#include <cstddef>

namespace hart::prov {
namespace {

constexpr std::size_t kMostNames = 4096;

constexpr const char* kAnyHidden =
    "SELECT EXISTS (SELECT 1 FROM hidden_hold WHERE tenant_id = ?)";
// Null of what the tenant does not hold.
constexpr const char* kAtomIsHidden =
    "SELECT min(t.access_level = 'none')"
    " FROM atom AS a CROSS JOIN tenant_atom AS t ON t.atom_id = a.atom_id"
    " WHERE a.hash = ?1 AND a.space = ?2 AND t.tenant_id = ?3";
constexpr const char* kNameIsHidden =
    "SELECT NOT EXISTS (SELECT 1 FROM tenant_object AS o WHERE o.tenant_id = ?1"
    "   AND o.name = ?2 AND o.access_level IS NOT 'none')"
    " AND COALESCE((SELECT min(o.hidden) FROM snapshot AS s CROSS JOIN snapshot_object AS o"
    "   ON o.snapshot_id = s.snapshot_id WHERE s.tenant_id = ?1 AND o.name = ?2),"
    "  EXISTS (SELECT 1 FROM tenant_object AS o WHERE o.tenant_id = ?1 AND o.name = ?2))";

/// Whether the first column of the first row is true.
bool is_true(store::Statement& row) {
  const bool found = row.step() && !row.is_null(0) && row.integer(0) != 0;
  row.reset();
  return found;
}

}  // namespace

bool HiddenContent::any() {
  if (!any_) {
    store::Statement any = store_.db().prepare(kAnyHidden, store::Scope::owner);
    any_ = is_true(any.with(store_.tenant_id()));
  }
  return *any_;
}

bool HiddenContent::has(const Id& atom) {
  if (!any()) return false;
  if (!atom_) atom_ = store_.db().prepare(kAtomIsHidden, store::Scope::owner);
  return is_true(atom_->with(atom.hash, static_cast<int>(atom.space), store_.tenant_id()));
}

bool HiddenContent::has_name(const std::string& name) {
  if (name.empty() || !any()) return false;
  if (const auto known = names_.find(name); known != names_.end()) return known->second;
  if (names_.size() == kMostNames) names_.clear();
  return names_.emplace(name, find_name(name)).first->second;
}

bool HiddenContent::find_name(const std::string& name) {
  if (!name_) name_ = store_.db().prepare(kNameIsHidden, store::Scope::owner);
  return is_true(name_->with(store_.tenant_id(), name));
}

void HiddenContent::forget() noexcept {
  any_.reset();
  names_.clear();
}

}  // namespace hart::prov
