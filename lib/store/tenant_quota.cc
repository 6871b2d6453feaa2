#include "store/tenant_quota.h"

#include <string>

#include "store/audit.h"

namespace hart::store {
namespace {

std::uint64_t count(Store& store, const char* sql) {
  // What is hidden from the tenant counts all the same.
  Statement row = store.db().prepare(sql, Scope::owner);
  return row.with(store.tenant_id()).step() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

}  // namespace

TenantQuota::TenantQuota(Store& store) : store_{store} {
  Statement limits =
      store.db().prepare("SELECT max_atoms, max_models, max_storage_bytes FROM my_tenant");
  if (!limits.step()) return;
  const auto limit = [&](int column, Limit& of) {
    if (!limits.is_null(column)) of.most = static_cast<std::uint64_t>(limits.integer(column));
  };
  limit(0, atoms_);
  limit(1, models_);
  limit(2, bytes_);
  if (atoms_.most)
    atoms_.used =
        count(store, "SELECT COUNT(DISTINCT atom_id) FROM tenant_atom WHERE tenant_id = ?");
  if (models_.most)
    models_.used = count(
        store, "SELECT COUNT(*) FROM tenant_object WHERE tenant_id = ? AND kind = 'model'");
  if (bytes_.most)
    bytes_.used = count(store,
                        "SELECT COALESCE(SUM(atom.bytes), 0) FROM tenant_object AS object"
                        " JOIN atom USING (atom_id) WHERE object.tenant_id = ?");
}

void TenantQuota::check(const Limit& limit, std::uint64_t more) const {
  if (!limit.most || limit.used + more <= *limit.most) return;
  refuse(store_, "tenant " + store_.tenant_name() + " may have " + std::to_string(*limit.most) +
                     " " + limit.what + " and would have " + std::to_string(limit.used + more));
}

void TenantQuota::require_room() const {
  // Whatever is added has at least an atom; a model is one more when it turns out to be one.
  check(atoms_, 1);
  if (bytes_.most && bytes_.used >= *bytes_.most) check(bytes_, 1);
}

void TenantQuota::add(const Addition& addition) {
  check(atoms_, addition.atoms);
  if (addition.models > 0) check(models_, addition.models);
  check(bytes_, addition.bytes);
  atoms_.used += addition.atoms;
  models_.used += addition.models;
  bytes_.used += addition.bytes;
}

}  // namespace hart::store
