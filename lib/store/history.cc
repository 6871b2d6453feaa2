#include "store/history.h"

#include "core/error.h"
#include "store/as_of.h"

namespace hart::store {
namespace {

/// Current and ended versions, with column 15 the end.
std::string versions_where(const char* current, const char* ended) {
  return std::string{"SELECT "} + kVersionColumns +
         ", NULL FROM my_object AS o JOIN my_atom AS a ON a.atom_id = o.atom_id"
         " LEFT JOIN my_atom AS s ON s.atom_id = o.structure_id WHERE " +
         current +
         " UNION ALL SELECT object_id, name, version, version_tag, atom_space, atom_hash,"
         " structure_space, structure_hash, kind, modality, subtype, atomizer, source_uri,"
         " metadata, created_us, valid_to_us FROM my_object_history WHERE " +
         ended + " ORDER BY 15, 1";
}

std::vector<ObjectVersion> read_versions(Statement& rows) {
  std::vector<ObjectVersion> versions;
  while (rows.step()) versions.push_back(read_version(rows, true));
  return versions;
}

}  // namespace

ObjectVersion read_version(const Statement& row, bool has_end) {
  ObjectVersion version;
  version.object_id = row.integer(0);
  version.name = row.text(1);
  version.version = row.integer(2);
  version.version_tag = row.text(3);
  version.atom = {static_cast<IdSpace>(row.integer(4)), row.hash(5)};
  if (!row.is_null(7))
    version.structure = Id{static_cast<IdSpace>(row.integer(6)), row.hash(7)};
  version.kind = row.text(8);
  version.modality = static_cast<Modality>(row.integer(9));
  version.subtype = row.text(10);
  version.atomizer = row.text(11);
  version.source_uri = row.text(12);
  version.metadata = row.text(13);
  version.created = row.integer(14);
  if (has_end && !row.is_null(15)) version.ended = row.integer(15);
  return version;
}

std::vector<ObjectVersion> versions_of(Store& store, const std::string& name) {
  Statement rows = store.db().prepare(versions_where("o.name = ?1", "name = ?1"));
  return read_versions(rows.with(name));
}

std::optional<ObjectVersion> version_at(Store& store, const std::string& name, TimeUs time) {
  Statement rows =
      store.db().prepare(versions_where("o.name = ?1 AND o.created_us <= ?2",
                                        "name = ?1 AND created_us <= ?2 AND valid_to_us > ?2"));
  std::optional<ObjectVersion> newest;
  for (ObjectVersion& version : read_versions(rows.with(name, time)))
    if (!newest || version.version > newest->version) newest = std::move(version);
  return newest;
}

std::int64_t count_collected(Store& store, TimeUs time) {
  Statement count = store.db().prepare(
      "SELECT COUNT(*) FROM tenant_object_period AS p"
      " JOIN my_object_history AS h ON h.history_id = p.history_id"
      " WHERE p.first <= ?1 AND p.last >= ?1 AND p.tenant_first <= ?2 AND p.tenant_last > ?2"
      " AND h.created_us <= ?3 AND h.valid_to_us > ?3"
      " AND NOT EXISTS (SELECT 1 FROM my_atom AS a"
      "                 WHERE a.hash = h.atom_hash AND a.space = h.atom_space)",
      Scope::owner);
  count.with(time / 1'000'000 - kHistoryEpochSeconds, store.tenant_id(), time).step();
  return count.integer(0);
}

std::string_view change_name(Change::What what) noexcept {
  switch (what) {
    case Change::What::added:
      return "added";
    case Change::What::restored:
      return "restored";
    case Change::What::removed:
      return "removed";
    case Change::What::snapshot:
      return "snapshot";
    case Change::What::held:
      return "held";
    case Change::What::released:
      return "released";
    case Change::What::access:
      return "access";
    case Change::What::importance:
      return "importance";
  }
  return "added";
}

}  // namespace hart::store
