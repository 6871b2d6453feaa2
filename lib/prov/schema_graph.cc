#include "prov/schema_steps.h"

namespace hart::prov {

/// What the provenance graph derives from receipts and could derive again; verification does.
/// None of it is content: it outlives the openings that it was computed from.
///
/// provenance_entity: kind 0 an atom that was used as evidence, 1 a model, 2 a mode of
/// reasoning (the hash is that of its name). Shares are in millionths, so that what is derived
/// again is equal and not just near.
const char* const kProvenanceGraph = R"sql(
CREATE TABLE provenance_entity (
  provenance_entity_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
  space INTEGER NOT NULL CHECK (space BETWEEN 0 AND 2),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  name TEXT,
  UNIQUE (tenant_id, kind, hash, space)
) STRICT;
CREATE VIEW my_provenance_entity AS
  SELECT * FROM provenance_entity WHERE tenant_id = current_tenant();

CREATE TABLE provenance_summary (
  generation_stream_id INTEGER PRIMARY KEY
    REFERENCES generation_stream (generation_stream_id),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  leaf_index INTEGER NOT NULL CHECK (leaf_index >= 0),
  reasoning_entity_id INTEGER REFERENCES provenance_entity (provenance_entity_id),
  evidence_atoms INTEGER NOT NULL CHECK (evidence_atoms >= 0),
  confidence_millionths INTEGER CHECK (confidence_millionths BETWEEN 0 AND 1000000),
  grounding_millionths INTEGER CHECK (grounding_millionths BETWEEN 0 AND 1000000),
  support_millionths INTEGER CHECK (support_millionths BETWEEN 0 AND 1000000),
  UNIQUE (tenant_id, leaf_index)
) STRICT;
CREATE INDEX provenance_summary_by_reasoning
  ON provenance_summary (reasoning_entity_id, generation_stream_id)
  WHERE reasoning_entity_id IS NOT NULL;
CREATE VIEW my_provenance_summary AS
  SELECT * FROM provenance_summary WHERE tenant_id = current_tenant();

CREATE TABLE provenance_influence (
  later_stream_id INTEGER NOT NULL REFERENCES generation_stream (generation_stream_id),
  rank INTEGER NOT NULL CHECK (rank >= 0),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  earlier_stream_id INTEGER NOT NULL REFERENCES generation_stream (generation_stream_id),
  strength_millionths INTEGER NOT NULL CHECK (strength_millionths BETWEEN 0 AND 1000000),
  PRIMARY KEY (tenant_id, later_stream_id, rank)
) STRICT, WITHOUT ROWID;
CREATE INDEX provenance_influence_by_earlier
  ON provenance_influence (tenant_id, earlier_stream_id, later_stream_id, rank,
                           strength_millionths);
CREATE VIEW my_provenance_influence AS
  SELECT * FROM provenance_influence WHERE tenant_id = current_tenant();
)sql";

/// A tenant's entities of a kind in their own order, whatever others have between them.
const char* const kEntityOrder = R"sql(
CREATE INDEX provenance_entity_by_kind ON provenance_entity (tenant_id, kind);
)sql";

}  // namespace hart::prov
