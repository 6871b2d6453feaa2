#include "store/schema_steps.h"

namespace hart::store {

/// Ordered as a walk reads: the edges of one atom lie together, those of one type in a run, and
/// the second index answers the same question from the other end without reading the table. An
/// edge goes when its tenant holds either of its atoms no longer.
const char* const kRelations = R"sql(
CREATE TABLE atom_relation (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  source_atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  relation_type TEXT NOT NULL CHECK (length(relation_type) BETWEEN 1 AND 128),
  target_atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  weight REAL NOT NULL CHECK (weight > 0 AND weight < 9e999),
  spatial_expression BLOB,
  created_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, source_atom_id, relation_type, target_atom_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX atom_relation_by_target
  ON atom_relation (tenant_id, target_atom_id, relation_type, source_atom_id, weight);
CREATE VIEW my_atom_relation AS
  SELECT * FROM atom_relation WHERE tenant_id = current_tenant();
CREATE TRIGGER atom_relation_ended AFTER DELETE ON tenant_atom
WHEN NOT EXISTS (SELECT 1 FROM tenant_atom AS held
                 WHERE held.tenant_id = OLD.tenant_id AND held.atom_id = OLD.atom_id) BEGIN
  DELETE FROM atom_relation
    WHERE tenant_id = OLD.tenant_id AND source_atom_id = OLD.atom_id;
  DELETE FROM atom_relation
    WHERE tenant_id = OLD.tenant_id AND target_atom_id = OLD.atom_id;
END;
)sql";

/// A cell index is a file; what was removed since it was built stands in `embedding_removed`,
/// what was added is every embedding with a larger id than the generation's last. Removals are
/// noted while a generation exists or is being built: `cell_build` says the latter.
const char* const kCellIndex = R"sql(
ALTER TABLE search_index ADD COLUMN recall_interval REAL;
DROP VIEW my_search_index;
CREATE VIEW my_search_index AS SELECT * FROM search_index WHERE tenant_id = current_tenant();
CREATE TABLE cell_build (
  tenant_id INTEGER NOT NULL,
  embedding_model_id INTEGER NOT NULL,
  begun_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, embedding_model_id)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_cell_build AS SELECT * FROM cell_build WHERE tenant_id = current_tenant();
CREATE TABLE embedding_removed (
  embedding_removed_id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant_id INTEGER NOT NULL,
  embedding_model_id INTEGER NOT NULL,
  atom_embedding_id INTEGER NOT NULL
) STRICT;
CREATE INDEX embedding_removed_by_model ON embedding_removed (tenant_id, embedding_model_id);
CREATE VIEW my_embedding_removed AS
  SELECT * FROM embedding_removed WHERE tenant_id = current_tenant();
CREATE TRIGGER atom_embedding_removed AFTER DELETE ON atom_embedding
WHEN EXISTS (SELECT 1 FROM search_index AS s WHERE s.tenant_id = OLD.tenant_id
             AND s.embedding_model_id = OLD.embedding_model_id AND s.kind = 'cells')
  OR EXISTS (SELECT 1 FROM cell_build AS b WHERE b.tenant_id = OLD.tenant_id
             AND b.embedding_model_id = OLD.embedding_model_id) BEGIN
  INSERT INTO embedding_removed (tenant_id, embedding_model_id, atom_embedding_id)
    VALUES (OLD.tenant_id, OLD.embedding_model_id, OLD.atom_embedding_id);
END;
)sql";

/// What a map was found to be worth when it was fitted, so that drift shows later; and a third
/// kind of map. SQLite changes a CHECK only by making the table anew.
const char* const kSpatial = R"sql(
DROP VIEW my_spatial_projection;
CREATE TABLE spatial_projection_3 (
  spatial_projection_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  embedding_model_id INTEGER NOT NULL REFERENCES embedding_model (embedding_model_id),
  kind TEXT NOT NULL CHECK (kind IN ('pca', 'landmark', 'trilateration')),
  version INTEGER NOT NULL,
  projection BLOB NOT NULL,
  fitted_on INTEGER NOT NULL,
  rank_correlation REAL,
  stress REAL,
  created_us INTEGER NOT NULL,
  UNIQUE (tenant_id, embedding_model_id, version)
) STRICT;
INSERT INTO spatial_projection_3
  SELECT spatial_projection_id, tenant_id, embedding_model_id, kind, version, projection,
         fitted_on, rank_correlation, NULL, created_us
    FROM spatial_projection;
DROP TABLE spatial_projection;
ALTER TABLE spatial_projection_3 RENAME TO spatial_projection;
CREATE VIEW my_spatial_projection AS
  SELECT * FROM spatial_projection WHERE tenant_id = current_tenant();
)sql";

}  // namespace hart::store
