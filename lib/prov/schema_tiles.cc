#include "prov/schema_steps.h"

namespace hart::prov {

/// The log as tiles of 256 hashes a row; the rows of single nodes that came before become tiles
/// and go. A tile may only grow. group_concat leaves the bytes of a blob as they are; the
/// window is what orders them.
///
/// A checkpoint's columns beside the note repeat what it holds; verification compares them. The
/// verifier is the key in its text form, so that a damaged signature shows without any key at
/// hand; whose key it is, only the reader can know.
const char* const kTransparencyTiles = R"sql(
CREATE TABLE transparency_tile (
  transparency_tile_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 7),
  tile_index INTEGER NOT NULL CHECK (tile_index >= 0),
  hashes BLOB NOT NULL
    CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
  UNIQUE (tenant_id, level, tile_index)
) STRICT;
INSERT INTO transparency_tile (tenant_id, level, tile_index, hashes)
  SELECT tenant_id, level, position / 256, hashes FROM (
    SELECT tenant_id, level, position,
           CAST(group_concat(hash, '') OVER (
             PARTITION BY tenant_id, level, position / 256 ORDER BY position
             ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS BLOB) AS hashes
      FROM (SELECT tenant_id, 0 AS level, leaf_index AS position, hash FROM transparency_leaf
            UNION ALL
            SELECT tenant_id, level / 8, node_index, hash FROM transparency_node
             WHERE level % 8 = 0))
   WHERE position % 256 = 0
   ORDER BY tenant_id, level, position;
DROP VIEW my_transparency_leaf;
DROP TABLE transparency_leaf;
DROP VIEW my_transparency_node;
DROP TABLE transparency_node;
CREATE VIEW my_transparency_tile AS
  SELECT * FROM transparency_tile WHERE tenant_id = current_tenant();
CREATE TRIGGER transparency_tile_only_grows BEFORE UPDATE ON transparency_tile
WHEN NEW.transparency_tile_id IS NOT OLD.transparency_tile_id
  OR NEW.tenant_id IS NOT OLD.tenant_id
  OR NEW.level IS NOT OLD.level OR NEW.tile_index IS NOT OLD.tile_index
  OR substr(NEW.hashes, 1, length(OLD.hashes)) IS NOT OLD.hashes
  BEGIN SELECT RAISE(ABORT, 'the transparency log is never changed'); END;
CREATE TRIGGER transparency_tile_is_never_deleted BEFORE DELETE ON transparency_tile
  BEGIN SELECT RAISE(ABORT, 'the transparency log is never shortened'); END;

CREATE TABLE transparency_checkpoint (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  origin TEXT NOT NULL,
  size INTEGER NOT NULL CHECK (size >= 0),
  verifier TEXT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (tenant_id, origin, size, verifier)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_transparency_checkpoint AS
  SELECT * FROM transparency_checkpoint WHERE tenant_id = current_tenant();
CREATE TRIGGER transparency_checkpoint_is_never_changed
  BEFORE UPDATE ON transparency_checkpoint
  BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END;
CREATE TRIGGER transparency_checkpoint_is_never_deleted
  BEFORE DELETE ON transparency_checkpoint
  BEGIN SELECT RAISE(ABORT, 'a checkpoint is never deleted'); END;

CREATE TABLE receipt_signature (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  leaf_index INTEGER NOT NULL CHECK (leaf_index >= 0),
  verifier TEXT NOT NULL,
  signature BLOB NOT NULL CHECK (length(signature) = 64),
  PRIMARY KEY (tenant_id, leaf_index, verifier)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_receipt_signature AS
  SELECT * FROM receipt_signature WHERE tenant_id = current_tenant();
CREATE TRIGGER receipt_signature_is_never_changed BEFORE UPDATE ON receipt_signature
  BEGIN SELECT RAISE(ABORT, 'a signature is never changed'); END;
CREATE TRIGGER receipt_signature_is_never_deleted BEFORE DELETE ON receipt_signature
  BEGIN SELECT RAISE(ABORT, 'a signature is never deleted'); END;
)sql";

}  // namespace hart::prov
