#include "store/withheld_view.h"

#include <exception>

namespace hart::store {
namespace {

/// The stored views of these names (schema_access.cc), without their look at the access level.
constexpr const char* kShowWithheld = R"sql(
CREATE TEMP VIEW my_object AS
  SELECT * FROM main.tenant_object WHERE tenant_id = current_tenant();
CREATE TEMP VIEW my_snapshot_object AS
  SELECT o.* FROM main.snapshot_object AS o
  JOIN main.snapshot AS s ON s.snapshot_id = o.snapshot_id
  WHERE s.tenant_id = current_tenant();
CREATE TEMP VIEW my_tenant_atom AS
  SELECT * FROM main.tenant_atom WHERE tenant_id = current_tenant();
CREATE TEMP VIEW my_atom AS
  SELECT atom_id, hash, space, form, bytes, value FROM main.atom WHERE EXISTS (
    SELECT 1 FROM main.tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = atom.atom_id);
CREATE TEMP VIEW my_atom_composition AS
  SELECT * FROM main.atom_composition AS c WHERE EXISTS (
    SELECT 1 FROM main.tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = c.parent_atom_id);
CREATE TEMP VIEW my_atom_payload AS
  SELECT p.atom_id, p.position, p.extent_offset, p.bytes,
         e.extent_id, e.hash, e.hash_kind, e.decoded_bytes, e.stored_bytes, e.checksum, e.codec,
         e.pack_id, e.pack_offset, e.base_extent_id, e.base_offset
  FROM main.atom_payload AS p LEFT JOIN main.extent AS e ON e.extent_id = p.extent_id
  WHERE EXISTS (
    SELECT 1 FROM main.tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = p.atom_id);
CREATE TEMP VIEW my_tensor_atom AS
  SELECT * FROM main.tensor_atom AS t WHERE EXISTS (
    SELECT 1 FROM main.tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = t.model_atom_id);
)sql";

constexpr const char* kHideWithheld = R"sql(
DROP VIEW temp.my_object;
DROP VIEW temp.my_snapshot_object;
DROP VIEW temp.my_tenant_atom;
DROP VIEW temp.my_atom;
DROP VIEW temp.my_atom_composition;
DROP VIEW temp.my_atom_payload;
DROP VIEW temp.my_tensor_atom;
)sql";

}  // namespace

WithheldView::WithheldView(Connection& db) : db_{db} {
  db_.exec(kShowWithheld);
}

WithheldView::~WithheldView() {
  try {
    db_.exec(kHideWithheld);
  } catch (const std::exception&) {
    // Closing the connection drops them as well.
  }
}

}  // namespace hart::store
