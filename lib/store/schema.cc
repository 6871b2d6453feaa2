#include "store/schema.h"

#include <array>

#include "store/schema_steps.h"

namespace hart::store {
namespace {

/// Bytes of an id, of geometry and of extents: hart-store(5). Geometry columns are SpatiaLite
/// BLOBs.
constexpr const char* kTenants = R"sql(
CREATE TABLE tenant (
  tenant_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
  created_us INTEGER NOT NULL,
  active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  max_atoms INTEGER CHECK (max_atoms >= 0),
  max_models INTEGER CHECK (max_models >= 0),
  max_storage_bytes INTEGER CHECK (max_storage_bytes >= 0)
) STRICT;
CREATE VIEW my_tenant AS SELECT * FROM tenant WHERE tenant_id = current_tenant();

CREATE TABLE store_clock (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  latest_us INTEGER NOT NULL
) STRICT;
INSERT INTO store_clock VALUES (1, 0);
)sql";

constexpr const char* kAtoms = R"sql(
CREATE TABLE atom (
  atom_id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  space INTEGER NOT NULL CHECK (space IN (0, 1, 2)),
  form INTEGER NOT NULL CHECK (form IN (0, 1)),
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  value BLOB NOT NULL CHECK (length(value) <= 64),
  UNIQUE (hash, space)
) STRICT;

CREATE TABLE tenant_atom (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  modality INTEGER NOT NULL CHECK (modality BETWEEN 0 AND 8),
  subtype TEXT NOT NULL,
  holders INTEGER NOT NULL CHECK (holders > 0),
  access_level TEXT NOT NULL DEFAULT 'read' CHECK (access_level IN ('read', 'write', 'none')),
  importance REAL,
  spatial_key BLOB,
  created_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, atom_id, modality)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_tenant_atom AS
  SELECT * FROM tenant_atom WHERE tenant_id = current_tenant();
CREATE VIEW my_atom AS
  SELECT * FROM atom WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = atom.atom_id);

CREATE TABLE atom_composition (
  parent_atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  position INTEGER NOT NULL CHECK (position >= 0),
  component_atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  name TEXT,
  spatial_key BLOB,
  PRIMARY KEY (parent_atom_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX atom_composition_by_component ON atom_composition (component_atom_id);
CREATE VIEW my_atom_composition AS
  SELECT * FROM atom_composition WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant()
      AND held.atom_id = atom_composition.parent_atom_id);
)sql";

constexpr const char* kPayload = R"sql(
CREATE TABLE pack (
  pack_id INTEGER PRIMARY KEY,
  bytes INTEGER NOT NULL CHECK (bytes >= 64)
) STRICT;

CREATE TABLE extent (
  extent_id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  decoded_bytes INTEGER NOT NULL CHECK (decoded_bytes > 0),
  stored_bytes INTEGER NOT NULL CHECK (stored_bytes > 0),
  checksum INTEGER NOT NULL,
  codec INTEGER NOT NULL,
  pack_id INTEGER NOT NULL REFERENCES pack (pack_id),
  pack_offset INTEGER NOT NULL CHECK (pack_offset >= 64 AND pack_offset % 64 = 0)
) STRICT;

CREATE TABLE atom_payload (
  atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  position INTEGER NOT NULL CHECK (position >= 0),
  extent_id INTEGER REFERENCES extent (extent_id),
  extent_offset INTEGER NOT NULL CHECK (extent_offset >= 0),
  bytes INTEGER NOT NULL CHECK (bytes > 0),
  PRIMARY KEY (atom_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX atom_payload_by_extent ON atom_payload (extent_id);
CREATE VIEW my_atom_payload AS
  SELECT p.atom_id, p.position, p.extent_offset, p.bytes,
         e.extent_id, e.hash, e.decoded_bytes, e.stored_bytes, e.checksum, e.codec, e.pack_id,
         e.pack_offset
  FROM atom_payload AS p LEFT JOIN extent AS e ON e.extent_id = p.extent_id
  WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = p.atom_id);
)sql";

constexpr const char* kObjects = R"sql(
CREATE TABLE tenant_object (
  object_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  name TEXT NOT NULL CHECK (length(name) > 0),
  version INTEGER NOT NULL CHECK (version > 0),
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
  UNIQUE (tenant_id, name, version)
) STRICT;
CREATE INDEX tenant_object_by_atom ON tenant_object (tenant_id, atom_id);
CREATE INDEX tenant_object_by_structure ON tenant_object (tenant_id, structure_id);
CREATE VIEW my_object AS SELECT * FROM tenant_object WHERE tenant_id = current_tenant();

CREATE TABLE model (
  atom_id INTEGER PRIMARY KEY REFERENCES atom (atom_id),
  architecture TEXT NOT NULL,
  format TEXT NOT NULL,
  parameters INTEGER NOT NULL,
  header_extent_id INTEGER NOT NULL REFERENCES extent (extent_id)
) STRICT;
CREATE VIEW my_model AS
  SELECT * FROM model WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = model.atom_id);

CREATE TABLE model_layer (
  model_atom_id INTEGER NOT NULL REFERENCES model (atom_id),
  layer_index INTEGER NOT NULL,
  layer_atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  name TEXT NOT NULL,
  parameters INTEGER NOT NULL,
  PRIMARY KEY (model_atom_id, layer_index)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_model_layer AS
  SELECT * FROM model_layer WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = model_layer.model_atom_id);

CREATE TABLE tensor_atom (
  model_atom_id INTEGER NOT NULL REFERENCES model (atom_id),
  position INTEGER NOT NULL,
  tensor_atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  name TEXT NOT NULL,
  dtype INTEGER NOT NULL,
  shape TEXT NOT NULL,
  weights_geometry BLOB,
  PRIMARY KEY (model_atom_id, position),
  UNIQUE (model_atom_id, name)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_tensor_atom AS
  SELECT * FROM tensor_atom WHERE EXISTS (
    SELECT 1 FROM tenant_atom AS held
    WHERE held.tenant_id = current_tenant() AND held.atom_id = tensor_atom.model_atom_id);
)sql";

constexpr const char* kEmbeddings = R"sql(
CREATE TABLE embedding_model (
  embedding_model_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  name TEXT NOT NULL,
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  dims INTEGER NOT NULL CHECK (dims > 0),
  created_us INTEGER NOT NULL,
  UNIQUE (tenant_id, content_hash)
) STRICT;
CREATE VIEW my_embedding_model AS
  SELECT * FROM embedding_model WHERE tenant_id = current_tenant();

CREATE TABLE atom_embedding (
  atom_embedding_id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  embedding_model_id INTEGER NOT NULL REFERENCES embedding_model (embedding_model_id),
  atom_id INTEGER NOT NULL REFERENCES atom (atom_id),
  vector BLOB NOT NULL,
  spatial_key BLOB,
  hilbert_index INTEGER,
  created_us INTEGER NOT NULL,
  UNIQUE (tenant_id, embedding_model_id, atom_id)
) STRICT;
CREATE INDEX atom_embedding_by_hilbert
  ON atom_embedding (tenant_id, embedding_model_id, hilbert_index);
-- Ends in the row id, so that a tenant's vectors are read in the order of their ids, from any on.
CREATE INDEX atom_embedding_by_model ON atom_embedding (tenant_id, embedding_model_id);
CREATE VIEW my_atom_embedding AS
  SELECT * FROM atom_embedding WHERE tenant_id = current_tenant();

CREATE TABLE spatial_projection (
  spatial_projection_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  embedding_model_id INTEGER NOT NULL REFERENCES embedding_model (embedding_model_id),
  kind TEXT NOT NULL CHECK (kind IN ('pca', 'landmark')),
  version INTEGER NOT NULL,
  projection BLOB NOT NULL,
  fitted_on INTEGER NOT NULL,
  rank_correlation REAL,
  created_us INTEGER NOT NULL,
  UNIQUE (tenant_id, embedding_model_id, version)
) STRICT;
CREATE VIEW my_spatial_projection AS
  SELECT * FROM spatial_projection WHERE tenant_id = current_tenant();

CREATE TABLE search_index (
  search_index_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  embedding_model_id INTEGER NOT NULL REFERENCES embedding_model (embedding_model_id),
  kind TEXT NOT NULL,
  generation INTEGER NOT NULL,
  items INTEGER NOT NULL,
  last_embedding_id INTEGER NOT NULL,
  parameters TEXT NOT NULL,
  recall REAL CHECK (recall BETWEEN 0 AND 1),
  recall_k INTEGER,
  recall_candidates INTEGER,
  built_us INTEGER NOT NULL,
  UNIQUE (tenant_id, embedding_model_id, kind)
) STRICT;
CREATE VIEW my_search_index AS SELECT * FROM search_index WHERE tenant_id = current_tenant();
)sql";

}  // namespace

const SchemaModule& catalog_schema() noexcept {
  static const std::array<Migration, 16> migrations{{
      {1, kTenants},
      {1, kAtoms},
      {1, kPayload},
      {1, kObjects},
      {1, kEmbeddings},
      {2, kCodedExtents},
      {2, kHistory},
      {2, kImportance},
      {2, kSnapshots},
      {3, kRelations},
      {3, kCellIndex},
      {3, kSpatial},
      {5, kApiKeys},
      {6, kScope},
      {6, kAccess},
      {6, kPayloadKey},
  }};
  static const SchemaModule module{"catalog", migrations};
  return module;
}

}  // namespace hart::store
