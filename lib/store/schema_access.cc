#include "store/schema_steps.h"

namespace hart::store {

/// What a tenant may do with what it holds, as the store's owner sets it.
///
/// tenant_object.access_level is 'read', 'none' or, for 'write', NULL, which no row of an older
/// store has to be told. An atom never changes, so that tenant_atom knows only 'read' and
/// 'none': hidden, when every holder is. hidden_hold says how many are; there is a row for
/// atoms of hidden objects alone. What stands in the way of searches, vectors and edges, is
/// taken out of their tables while an atom is hidden, so that no search has to ask.
const char* const kAccess = R"sql(
ALTER TABLE tenant_object ADD COLUMN access_level TEXT
  CHECK (access_level = 'read' OR access_level = 'none');
CREATE INDEX tenant_object_restricted ON tenant_object (tenant_id, name)
  WHERE access_level IS NOT NULL;
ALTER TABLE snapshot_object ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0
  CHECK (hidden BETWEEN 0 AND 1);

CREATE TABLE hidden_hold (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  modality INTEGER NOT NULL CHECK (modality BETWEEN 0 AND 8),
  holders INTEGER NOT NULL CHECK (holders >= 0),
  PRIMARY KEY (tenant_id, atom_id, modality)
) STRICT, WITHOUT ROWID;
CREATE TABLE hidden_embedding (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  embedding_model_id INTEGER NOT NULL REFERENCES embedding_model (embedding_model_id),
  vector BLOB NOT NULL,
  spatial_key BLOB,
  hilbert_index INTEGER,
  created_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, atom_id, embedding_model_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE hidden_relation (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  source_atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  relation_type TEXT NOT NULL,
  target_atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  weight REAL NOT NULL,
  spatial_expression BLOB,
  created_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, source_atom_id, relation_type, target_atom_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX hidden_relation_by_target ON hidden_relation (tenant_id, target_atom_id);

DROP VIEW my_tenant_atom;
CREATE VIEW my_tenant_atom AS
  SELECT * FROM tenant_atom WHERE tenant_id = current_tenant()
    AND access_level <> 'none';
DROP VIEW my_atom;
CREATE VIEW my_atom AS
  SELECT atom_id, hash, space, form, bytes, value FROM atom WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = atom.atom_id
      AND held.access_level <> 'none');
DROP VIEW my_atom_composition;
CREATE VIEW my_atom_composition AS
  SELECT * FROM atom_composition WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant()
      AND held.atom_id = atom_composition.parent_atom_id AND held.access_level <> 'none');
DROP VIEW my_atom_payload;
CREATE VIEW my_atom_payload AS
  SELECT p.atom_id, p.position, p.extent_offset, p.bytes,
         e.extent_id, e.hash, e.hash_kind, e.decoded_bytes, e.stored_bytes, e.checksum, e.codec,
         e.pack_id, e.pack_offset, e.base_extent_id, e.base_offset
  FROM atom_payload AS p LEFT JOIN extent AS e ON e.extent_id = p.extent_id
  WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = p.atom_id
      AND held.access_level <> 'none');
DROP VIEW my_model;
CREATE VIEW my_model AS
  SELECT * FROM model WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = model.atom_id
      AND held.access_level <> 'none');
DROP VIEW my_model_layer;
CREATE VIEW my_model_layer AS
  SELECT * FROM model_layer WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = model_layer.model_atom_id
      AND held.access_level <> 'none');
DROP VIEW my_tensor_atom;
CREATE VIEW my_tensor_atom AS
  SELECT * FROM tensor_atom WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = tensor_atom.model_atom_id
      AND held.access_level <> 'none');
DROP VIEW my_tensor_signature;
CREATE VIEW my_tensor_signature AS
  SELECT * FROM tensor_signature WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant()
      AND held.atom_id = tensor_signature.tensor_atom_id AND held.access_level <> 'none');
DROP VIEW my_object;
CREATE VIEW my_object AS
  SELECT * FROM tenant_object WHERE tenant_id = current_tenant()
    AND access_level IS NOT 'none';
DROP VIEW my_snapshot_object;
CREATE VIEW my_snapshot_object AS
  SELECT o.* FROM snapshot_object AS o JOIN snapshot AS s ON s.snapshot_id = o.snapshot_id
  WHERE s.tenant_id = current_tenant() AND o.hidden = 0;

-- The past is shown as far as its content is seen today: of content that is held no longer
-- there is no row to say anything else.
DROP VIEW my_object_history;
CREATE VIEW my_object_history AS
  SELECT * FROM tenant_object_history AS h WHERE h.tenant_id = current_tenant()
    AND (NOT EXISTS (SELECT 1 FROM hidden_hold WHERE tenant_id = current_tenant())
      OR COALESCE((SELECT max(t.access_level <> 'none')
                   FROM atom AS a CROSS JOIN tenant_atom AS t ON t.atom_id = a.atom_id
                   WHERE a.hash = h.atom_hash AND a.space = h.atom_space
                     AND t.tenant_id = current_tenant()), 1));
)sql";

}  // namespace hart::store
