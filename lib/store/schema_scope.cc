#include "store/schema_steps.h"

namespace hart::store {

/// Content of a tenant whose deduplication is private has rows of its own: `scope` is that
/// tenant's id, and 0 for what all others share. It is part of what makes a row unique, and
/// SQLite changes that only by making the tables anew. Their indexes over digests are made
/// after the rows are there: sorted, where row by row each would go to a page of its own.
const char* const kScope = R"sql(
ALTER TABLE tenant ADD COLUMN dedup_scope INTEGER NOT NULL DEFAULT 0
  CHECK (dedup_scope = 0 OR dedup_scope = tenant_id);

DROP VIEW my_atom;
DROP VIEW my_atom_payload;
DROP TRIGGER tenant_object_ended;
CREATE TABLE atom_6 (
  atom_id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  space INTEGER NOT NULL CHECK (space BETWEEN 0 AND 2),
  form INTEGER NOT NULL CHECK (form BETWEEN 0 AND 1),
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  value BLOB NOT NULL CHECK (length(value) <= 64),
  scope INTEGER NOT NULL DEFAULT 0 CHECK (scope >= 0)
) STRICT;
INSERT INTO atom_6 SELECT atom_id, hash, space, form, bytes, value, 0 FROM atom;
DROP TABLE atom;
ALTER TABLE atom_6 RENAME TO atom;
CREATE UNIQUE INDEX atom_by_hash ON atom (hash, space, scope);
CREATE VIEW my_atom AS
  SELECT atom_id, hash, space, form, bytes, value FROM atom WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = atom.atom_id);

CREATE TABLE extent_6 (
  extent_id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  hash_kind INTEGER NOT NULL DEFAULT 0 CHECK (hash_kind BETWEEN 0 AND 1),
  decoded_bytes INTEGER NOT NULL CHECK (decoded_bytes > 0),
  stored_bytes INTEGER NOT NULL CHECK (stored_bytes > 0),
  checksum INTEGER NOT NULL,
  codec INTEGER NOT NULL,
  pack_id INTEGER NOT NULL REFERENCES pack (pack_id),
  pack_offset INTEGER NOT NULL CHECK (pack_offset >= 0),
  base_extent_id INTEGER REFERENCES extent_6 (extent_id),
  base_offset INTEGER NOT NULL DEFAULT 0 CHECK (base_offset >= 0),
  scope INTEGER NOT NULL DEFAULT 0 CHECK (scope >= 0),
  CHECK ((codec = 3) = (base_extent_id IS NOT NULL))
) STRICT;
INSERT INTO extent_6
  SELECT extent_id, hash, hash_kind, decoded_bytes, stored_bytes, checksum, codec, pack_id,
         pack_offset, base_extent_id, base_offset, 0
  FROM extent;
DROP TABLE extent;
ALTER TABLE extent_6 RENAME TO extent;
CREATE UNIQUE INDEX extent_by_hash ON extent (hash, hash_kind, scope);
CREATE INDEX extent_by_base ON extent (base_extent_id) WHERE base_extent_id IS NOT NULL;
CREATE INDEX extent_by_pack ON extent (pack_id, pack_offset);
CREATE VIEW my_atom_payload AS
  SELECT p.atom_id, p.position, p.extent_offset, p.bytes,
         e.extent_id, e.hash, e.hash_kind, e.decoded_bytes, e.stored_bytes, e.checksum, e.codec,
         e.pack_id, e.pack_offset, e.base_extent_id, e.base_offset
  FROM atom_payload AS p LEFT JOIN extent AS e ON e.extent_id = p.extent_id
  WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = p.atom_id);

CREATE TRIGGER tenant_object_ended AFTER DELETE ON tenant_object BEGIN
  INSERT INTO tenant_object_history (tenant_id, object_id, name, version, version_tag, atom_hash,
      atom_space, structure_hash, structure_space, kind, modality, subtype, atomizer, source_uri,
      metadata, created_us, valid_to_us)
    SELECT OLD.tenant_id, OLD.object_id, OLD.name, OLD.version, OLD.version_tag, a.hash, a.space,
      s.hash, s.space, OLD.kind, OLD.modality, OLD.subtype, OLD.atomizer, OLD.source_uri,
      OLD.metadata, OLD.created_us, (SELECT latest_us FROM store_clock)
    FROM atom AS a LEFT JOIN atom AS s ON s.atom_id = OLD.structure_id
    WHERE a.atom_id = OLD.atom_id;
END;
)sql";

}  // namespace hart::store
