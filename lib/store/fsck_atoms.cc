// Atoms, their payloads' sizes, and geometry.

#include <algorithm>

#include "core/error.h"
#include "core/id.h"
#include "crypto/sha256.h"
#include "geometry/spatialite_blob.h"
#include "store/catalog.h"
#include "store/fsck_report.h"

namespace hart::store {
namespace {

/// hart-store(5): kind, version, count in six bytes, root.
constexpr std::size_t kDescriptorBytes = 40;
constexpr std::size_t kRootOffset = 8;
constexpr std::uint8_t kDescriptorVersion = 1;

/// What is wrong with an atom's row; empty when nothing is.
std::string problem_of_atom(const Id& id, AtomForm form, ByteView value, std::uint64_t bytes) {
  if (form == AtomForm::inlined) {
    if (value.size() != bytes) return "its value has another length than the row says";
    const bool same = id.space != IdSpace::content || crypto::sha256(value) == id.hash;
    return same ? "" : "its value does not have this digest";
  }
  if (value.size() != kDescriptorBytes || value[1] != kDescriptorVersion)
    return "its value is no descriptor of version 1";
  if (id.space == IdSpace::structure)
    return crypto::sha256(value) == id.hash ? "" : "its descriptor does not have this digest";
  const bool same =
      value[0] == 0 && std::equal(id.hash.begin(), id.hash.end(), value.begin() + kRootOffset);
  return same ? "" : "its descriptor is that of another content";
}

/// A row that refers to one of another scope, and what is told of it.
struct CrossScope {
  const char* sql;  ///< the atom that the finding names
  const char* what;
};
constexpr CrossScope kCrossScope[] = {
    {"SELECT p.atom_id FROM atom_payload AS p JOIN atom AS a USING (atom_id)"
     " JOIN extent AS e USING (extent_id) WHERE e.scope <> a.scope",
     "its payload lies in an extent of another scope"},
    {"SELECT p.atom_id FROM extent AS e JOIN extent AS b ON b.extent_id = e.base_extent_id"
     " JOIN atom_payload AS p ON p.extent_id = e.extent_id WHERE e.scope <> b.scope",
     "its payload is a difference to an extent of another scope"},
    {"SELECT c.parent_atom_id FROM atom_composition AS c"
     " JOIN atom AS parent ON parent.atom_id = c.parent_atom_id"
     " JOIN atom AS part ON part.atom_id = c.component_atom_id"
     " WHERE parent.scope <> part.scope",
     "has a component of another scope"},
    {"SELECT h.atom_id FROM tenant AS t JOIN tenant_atom AS h USING (tenant_id)"
     " JOIN atom AS a USING (atom_id) WHERE a.scope <> t.dedup_scope",
     "is held by a tenant that has another scope"},
};

/// Nothing private is within another's reach. Where all is shared there is nothing to look for.
void check_scopes(FsckReport& report) {
  Connection& db = report.db();
  if (db.query_integer("SELECT EXISTS (SELECT 1 FROM tenant WHERE dedup_scope <> 0)"
                       " OR EXISTS (SELECT 1 FROM atom WHERE scope <> 0)"
                       " OR EXISTS (SELECT 1 FROM extent WHERE scope <> 0)") == 0)
    return;
  for (const CrossScope& cross : kCrossScope) {
    Statement rows = db.prepare(cross.sql, Scope::owner);
    while (rows.step()) report.find(cross.what, atom_label(db, rows.integer(0)));
  }
}

}  // namespace

void check_atoms(FsckReport& report) {
  Statement rows = report.db().prepare(
      "SELECT atom_id, space, hash, form, value, bytes FROM atom ORDER BY atom_id",
      Scope::owner);
  while (rows.step()) {
    ++report.totals.atoms;
    const Id id{static_cast<IdSpace>(rows.integer(1)), rows.hash(2)};
    const std::string problem =
        problem_of_atom(id, static_cast<AtomForm>(rows.integer(3)), rows.blob(4),
                        static_cast<std::uint64_t>(rows.integer(5)));
    if (!problem.empty()) report.find(problem, "atom " + id.text());
  }
}

void check_payloads(FsckReport& report) {
  check_scopes(report);
  Connection& db = report.db();
  Statement sums = db.prepare(
      "SELECT p.atom_id, SUM(p.bytes), a.bytes FROM atom_payload AS p"
      " JOIN atom AS a ON a.atom_id = p.atom_id GROUP BY p.atom_id HAVING SUM(p.bytes) <> "
      "a.bytes",
      Scope::owner);
  while (sums.step())
    report.find("its payload has " + std::to_string(sums.integer(1)) + " bytes, the atom " +
                    std::to_string(sums.integer(2)),
                atom_label(db, sums.integer(0)));
  Statement beyond = db.prepare(
      "SELECT p.atom_id, p.position, p.extent_id FROM atom_payload AS p"
      " LEFT JOIN extent AS e ON e.extent_id = p.extent_id WHERE p.extent_id IS NOT NULL"
      " AND (e.extent_id IS NULL OR p.extent_offset > e.decoded_bytes"
      "      OR p.bytes > e.decoded_bytes - p.extent_offset)",
      Scope::owner);
  while (beyond.step())
    report.find("part " + std::to_string(beyond.integer(1)) +
                    " of its payload reaches beyond extent " +
                    std::to_string(beyond.integer(2)),
                atom_label(db, beyond.integer(0)));
  Statement missing = db.prepare(
      "SELECT atom_id FROM atom AS a WHERE form = 1 AND space = 0 AND bytes > 0"
      " AND NOT EXISTS (SELECT 1 FROM atom_payload AS p WHERE p.atom_id = a.atom_id)",
      Scope::owner);
  while (missing.step()) report.find("has no payload", atom_label(db, missing.integer(0)));
}

void check_geometry(FsckReport& report) {
  struct Column {
    const char* table;
    const char* column;
    const char* atom;
  };
  constexpr Column kColumns[] = {
      {"tenant_atom", "spatial_key", "atom_id"},
      {"atom_composition", "spatial_key", "parent_atom_id"},
      {"atom_embedding", "spatial_key", "atom_id"},
      {"tensor_atom", "weights_geometry", "tensor_atom_id"},
      {"atom_relation", "spatial_expression", "source_atom_id"},
  };
  for (const Column& column : kColumns) {
    Statement rows = report.db().prepare(std::string{"SELECT "} + column.column + ", " +
                                             column.atom + " FROM " + column.table + " WHERE " +
                                             column.column + " IS NOT NULL",
                                         Scope::owner);
    while (rows.step()) {
      try {
        static_cast<void>(geometry::decode_geometry(rows.blob(0)));
      } catch (const Error& error) {
        report.find(std::string{column.table} + "." + column.column + ": " + error.what(),
                    atom_label(report.db(), rows.integer(1)));
      }
    }
  }
}

}  // namespace hart::store
