#include "store/schema_steps.h"

namespace hart::store {

/// Extents gain what the weight codec and block hashes need; the table is made anew because its
/// old CHECK allowed no extent in a linked file, whose offsets are the file's own.
const char* const kCodedExtents = R"sql(
DROP VIEW my_atom_payload;
CREATE TABLE extent_2 (
  extent_id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  hash_kind INTEGER NOT NULL DEFAULT 0 CHECK (hash_kind IN (0, 1)),
  decoded_bytes INTEGER NOT NULL CHECK (decoded_bytes > 0),
  stored_bytes INTEGER NOT NULL CHECK (stored_bytes > 0),
  checksum INTEGER NOT NULL,
  codec INTEGER NOT NULL,
  pack_id INTEGER NOT NULL REFERENCES pack (pack_id),
  pack_offset INTEGER NOT NULL CHECK (pack_offset >= 0),
  base_extent_id INTEGER REFERENCES extent_2 (extent_id),
  base_offset INTEGER NOT NULL DEFAULT 0 CHECK (base_offset >= 0),
  UNIQUE (hash, hash_kind),
  CHECK ((codec = 3) = (base_extent_id IS NOT NULL))
) STRICT;
INSERT INTO extent_2 (extent_id, hash, decoded_bytes, stored_bytes, checksum, codec, pack_id,
                      pack_offset)
  SELECT extent_id, hash, decoded_bytes, stored_bytes, checksum, codec, pack_id, pack_offset
  FROM extent;
DROP TABLE extent;
ALTER TABLE extent_2 RENAME TO extent;
CREATE INDEX extent_by_base ON extent (base_extent_id) WHERE base_extent_id IS NOT NULL;
CREATE INDEX extent_by_pack ON extent (pack_id, pack_offset);

-- A model's header is its file's own matter: payload at positions below 2^20.
UPDATE atom_payload SET position = position + 1048575
  WHERE position > 0 AND atom_id IN (SELECT atom_id FROM tenant_object WHERE kind = 'model');
DROP VIEW my_model;
CREATE TABLE model_2 (
  atom_id INTEGER PRIMARY KEY REFERENCES atom (atom_id),
  architecture TEXT NOT NULL,
  format TEXT NOT NULL,
  parameters INTEGER NOT NULL
) STRICT;
INSERT INTO model_2 SELECT atom_id, architecture, format, parameters FROM model;
DROP TABLE model;
ALTER TABLE model_2 RENAME TO model;
CREATE VIEW my_model AS
  SELECT * FROM model WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = model.atom_id);


CREATE VIEW my_atom_payload AS
  SELECT p.atom_id, p.position, p.extent_offset, p.bytes,
         e.extent_id, e.hash, e.hash_kind, e.decoded_bytes, e.stored_bytes, e.checksum, e.codec,
         e.pack_id, e.pack_offset, e.base_extent_id, e.base_offset
  FROM atom_payload AS p LEFT JOIN extent AS e ON e.extent_id = p.extent_id
  WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = p.atom_id);

CREATE TABLE pack_hole (
  pack_id INTEGER NOT NULL,
  pack_offset INTEGER NOT NULL CHECK (pack_offset >= 0),
  bytes INTEGER NOT NULL CHECK (bytes > 0),
  epoch INTEGER NOT NULL,
  overwrite INTEGER NOT NULL DEFAULT 0 CHECK (overwrite IN (0, 1)),
  freed INTEGER NOT NULL DEFAULT 0 CHECK (freed IN (0, 1)),
  PRIMARY KEY (pack_id, pack_offset)
) STRICT, WITHOUT ROWID;
CREATE INDEX pack_hole_waiting ON pack_hole (epoch) WHERE freed = 0;

CREATE TABLE reader_epoch (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  epoch INTEGER NOT NULL
) STRICT;
INSERT INTO reader_epoch VALUES (1, 1);

CREATE TABLE tensor_signature (
  tensor_atom_id INTEGER PRIMARY KEY REFERENCES atom (atom_id),
  dtype INTEGER NOT NULL,
  shape TEXT NOT NULL,
  scale REAL NOT NULL,
  samples BLOB NOT NULL,
  stands_alone INTEGER NOT NULL CHECK (stands_alone IN (0, 1))
) STRICT;
CREATE INDEX tensor_signature_by_shape
  ON tensor_signature (dtype, shape, scale) WHERE stands_alone = 1;
CREATE INDEX tensor_atom_by_tensor ON tensor_atom (tensor_atom_id);
CREATE INDEX model_layer_by_layer ON model_layer (layer_atom_id);
CREATE VIEW my_tensor_signature AS
  SELECT * FROM tensor_signature WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = tensor_signature.tensor_atom_id);
)sql";

/// Every `*_history` row was true from valid_from_us (or created_us) up to, and without,
/// valid_to_us. A transaction that deletes takes the store's time first: the triggers end the
/// old rows at that instant. What changes twice at one instant was true at no time between, so
/// the second end is ignored. Objects keep digests, not row ids, so that what was collected
/// since is still named. Where a key is a table's only order, its columns come first: the
/// integrity check of SQLite 3.40 takes the columns of such a table in the order of the key.
const char* const kHistory = R"sql(
CREATE TABLE tenant_object_history (
  history_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL,
  object_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  version_tag TEXT,
  atom_hash BLOB NOT NULL CHECK (length(atom_hash) = 32),
  atom_space INTEGER NOT NULL,
  structure_hash BLOB CHECK (length(structure_hash) = 32),
  structure_space INTEGER,
  kind TEXT NOT NULL,
  modality INTEGER NOT NULL,
  subtype TEXT NOT NULL,
  atomizer TEXT NOT NULL,
  source_uri TEXT,
  metadata TEXT,
  created_us INTEGER NOT NULL,
  valid_to_us INTEGER NOT NULL
) STRICT;
-- The name stands first: after the tenant, SQLite would rather read a tenant's whole history in
-- the order of this index than ask which of its rows held at an instant.
CREATE INDEX tenant_object_history_by_name ON tenant_object_history (name, tenant_id, created_us);
CREATE INDEX tenant_object_history_by_end ON tenant_object_history (valid_to_us);
-- Which rows of a tenant held at an instant: intervals in whole seconds since 2020, rounded
-- outward. A tenant is an interval too, of length 1: an R-tree cannot order boxes without area.
CREATE VIRTUAL TABLE tenant_object_period USING rtree_i32 (history_id, first, last,
  tenant_first, tenant_last);
CREATE VIEW my_object_history AS
  SELECT * FROM tenant_object_history WHERE tenant_id = current_tenant();

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
CREATE TRIGGER tenant_object_history_period AFTER INSERT ON tenant_object_history BEGIN
  INSERT INTO tenant_object_period VALUES (NEW.history_id,
    NEW.created_us / 1000000 - 1577836800, NEW.valid_to_us / 1000000 - 1577836799,
    NEW.tenant_id, NEW.tenant_id + 1);
END;
CREATE TRIGGER tenant_object_history_forgotten AFTER DELETE ON tenant_object_history BEGIN
  DELETE FROM tenant_object_period WHERE history_id = OLD.history_id;
END;

ALTER TABLE tenant_atom ADD COLUMN valid_from_us INTEGER;
-- A view made with * keeps the columns it was made with only until the schema is read again.
DROP VIEW my_tenant_atom;
CREATE VIEW my_tenant_atom AS SELECT * FROM tenant_atom WHERE tenant_id = current_tenant();
CREATE TABLE tenant_atom_history (
  tenant_id INTEGER NOT NULL,
  atom_id INTEGER NOT NULL,
  modality INTEGER NOT NULL,
  valid_to_us INTEGER NOT NULL,
  subtype TEXT NOT NULL,
  access_level TEXT NOT NULL,
  importance REAL,
  created_us INTEGER NOT NULL,
  valid_from_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, atom_id, modality, valid_to_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX tenant_atom_history_by_atom ON tenant_atom_history (atom_id);
CREATE INDEX tenant_atom_history_by_end ON tenant_atom_history (valid_to_us);
CREATE VIEW my_tenant_atom_history AS
  SELECT * FROM tenant_atom_history WHERE tenant_id = current_tenant();
CREATE TRIGGER tenant_atom_ended AFTER DELETE ON tenant_atom BEGIN
  INSERT OR IGNORE INTO tenant_atom_history VALUES (OLD.tenant_id, OLD.atom_id, OLD.modality,
    (SELECT latest_us FROM store_clock), OLD.subtype, OLD.access_level, OLD.importance,
    OLD.created_us, COALESCE(OLD.valid_from_us, OLD.created_us));
END;
CREATE TRIGGER tenant_atom_changed AFTER UPDATE OF importance, access_level ON tenant_atom
WHEN OLD.importance IS NOT NEW.importance OR OLD.access_level <> NEW.access_level BEGIN
  INSERT OR IGNORE INTO tenant_atom_history VALUES (OLD.tenant_id, OLD.atom_id, OLD.modality,
    (SELECT latest_us FROM store_clock), OLD.subtype, OLD.access_level, OLD.importance,
    OLD.created_us, COALESCE(OLD.valid_from_us, OLD.created_us));
  UPDATE tenant_atom SET valid_from_us = (SELECT latest_us FROM store_clock)
    WHERE tenant_id = NEW.tenant_id AND atom_id = NEW.atom_id AND modality = NEW.modality;
END;
)sql";

const char* const kImportance = R"sql(
CREATE TABLE tensor_importance (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  model_atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  position INTEGER NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('magnitude', 'activation')),
  importance REAL NOT NULL,
  valid_from_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, model_atom_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX tensor_importance_by_model ON tensor_importance (model_atom_id);
CREATE VIEW my_tensor_importance AS
  SELECT * FROM tensor_importance WHERE tenant_id = current_tenant();
CREATE TABLE tensor_importance_history (
  tenant_id INTEGER NOT NULL,
  model_atom_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  valid_to_us INTEGER NOT NULL,
  method TEXT NOT NULL,
  importance REAL NOT NULL,
  valid_from_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, model_atom_id, position, valid_to_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX tensor_importance_history_by_model ON tensor_importance_history (model_atom_id);
CREATE INDEX tensor_importance_history_by_end ON tensor_importance_history (valid_to_us);
CREATE VIEW my_tensor_importance_history AS
  SELECT * FROM tensor_importance_history WHERE tenant_id = current_tenant();
CREATE TRIGGER tensor_importance_changed AFTER UPDATE ON tensor_importance BEGIN
  INSERT OR IGNORE INTO tensor_importance_history VALUES (OLD.tenant_id, OLD.model_atom_id,
    OLD.position, (SELECT latest_us FROM store_clock), OLD.method, OLD.importance,
    OLD.valid_from_us);
END;
CREATE TRIGGER tensor_importance_ended AFTER DELETE ON tensor_importance BEGIN
  INSERT OR IGNORE INTO tensor_importance_history VALUES (OLD.tenant_id, OLD.model_atom_id,
    OLD.position, (SELECT latest_us FROM store_clock), OLD.method, OLD.importance,
    OLD.valid_from_us);
END;

CREATE TABLE layer_importance (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  model_atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  layer_index INTEGER NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('magnitude', 'activation')),
  importance REAL NOT NULL,
  valid_from_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, model_atom_id, layer_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX layer_importance_by_model ON layer_importance (model_atom_id);
CREATE VIEW my_layer_importance AS
  SELECT * FROM layer_importance WHERE tenant_id = current_tenant();
CREATE TABLE layer_importance_history (
  tenant_id INTEGER NOT NULL,
  model_atom_id INTEGER NOT NULL,
  layer_index INTEGER NOT NULL,
  valid_to_us INTEGER NOT NULL,
  method TEXT NOT NULL,
  importance REAL NOT NULL,
  valid_from_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, model_atom_id, layer_index, valid_to_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX layer_importance_history_by_model ON layer_importance_history (model_atom_id);
CREATE INDEX layer_importance_history_by_end ON layer_importance_history (valid_to_us);
CREATE VIEW my_layer_importance_history AS
  SELECT * FROM layer_importance_history WHERE tenant_id = current_tenant();
CREATE TRIGGER layer_importance_changed AFTER UPDATE ON layer_importance BEGIN
  INSERT OR IGNORE INTO layer_importance_history VALUES (OLD.tenant_id, OLD.model_atom_id,
    OLD.layer_index, (SELECT latest_us FROM store_clock), OLD.method, OLD.importance,
    OLD.valid_from_us);
END;
CREATE TRIGGER layer_importance_ended AFTER DELETE ON layer_importance BEGIN
  INSERT OR IGNORE INTO layer_importance_history VALUES (OLD.tenant_id, OLD.model_atom_id,
    OLD.layer_index, (SELECT latest_us FROM store_clock), OLD.method, OLD.importance,
    OLD.valid_from_us);
END;
)sql";

/// How long each history is kept, in days, and what an owner may ask of the past.
const char* const kSnapshots = R"sql(
CREATE TABLE retention_policy (
  table_name TEXT PRIMARY KEY,
  keep_days INTEGER NOT NULL CHECK (keep_days >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO retention_policy VALUES
  ('tenant_object_history', 365),
  ('tenant_atom_history', 365),
  ('tensor_importance_history', 365),
  ('layer_importance_history', 730),
  ('query_log', 30);

CREATE TABLE snapshot (
  snapshot_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  created_us INTEGER NOT NULL,
  UNIQUE (tenant_id, name)
) STRICT;
CREATE VIEW my_snapshot AS SELECT * FROM snapshot WHERE tenant_id = current_tenant();
CREATE TABLE snapshot_object (
  snapshot_id INTEGER NOT NULL REFERENCES snapshot (snapshot_id),
  object_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  version_tag TEXT,
  atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  structure_id INTEGER REFERENCES atom (atom_id),
  kind TEXT NOT NULL,
  modality INTEGER NOT NULL CHECK (modality BETWEEN 0 AND 8),
  subtype TEXT NOT NULL,
  atomizer TEXT NOT NULL,
  source_uri TEXT,
  metadata TEXT,
  created_us INTEGER NOT NULL,
  PRIMARY KEY (snapshot_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshot_object_by_atom ON snapshot_object (atom_id);
CREATE VIEW my_snapshot_object AS
  SELECT o.* FROM snapshot_object AS o JOIN snapshot AS s ON s.snapshot_id = o.snapshot_id
  WHERE s.tenant_id = current_tenant();

CREATE TABLE erasure (
  erasure_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL,
  erased_us INTEGER NOT NULL,
  salt BLOB NOT NULL CHECK (length(salt) = 16),
  commitment BLOB NOT NULL CHECK (length(commitment) = 32),
  objects INTEGER NOT NULL,
  atoms INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE VIEW my_erasure AS SELECT * FROM erasure WHERE tenant_id = current_tenant();
)sql";

}  // namespace hart::store
