#include "prov/schema_steps.h"

namespace hart::prov {

/// SQLite builds a table in memory for every evaluation of an IN with three values or more, at
/// the cost of a row or two for each row that is checked; a comparison costs nothing. It
/// changes a CHECK only by making the table anew. Rows, ids, indexes and triggers are as
/// before.
const char* const kCheapChecks = R"sql(
DROP VIEW my_generation_stream;
CREATE TABLE generation_stream_4 (
  generation_stream_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  leaf_index INTEGER NOT NULL CHECK (leaf_index >= 0),
  uuid BLOB NOT NULL CHECK (length(uuid) = 16),
  operation TEXT NOT NULL,
  model_space INTEGER NOT NULL CHECK (model_space BETWEEN 0 AND 2),
  model_hash BLOB NOT NULL CHECK (length(model_hash) = 32),
  started_us INTEGER NOT NULL,
  completed_us INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL CHECK (tokens_in >= 0),
  tokens_out INTEGER NOT NULL CHECK (tokens_out >= 0),
  finish_reason TEXT NOT NULL,
  receipt BLOB NOT NULL,
  receipt_hash BLOB NOT NULL CHECK (length(receipt_hash) = 32),
  previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
  UNIQUE (tenant_id, leaf_index),
  UNIQUE (tenant_id, uuid)
) STRICT;
INSERT INTO generation_stream_4
  SELECT generation_stream_id, tenant_id, leaf_index, uuid, operation, model_space, model_hash,
         started_us, completed_us, tokens_in, tokens_out, finish_reason, receipt, receipt_hash,
         previous_hash
    FROM generation_stream ORDER BY generation_stream_id;
DROP TABLE generation_stream;
ALTER TABLE generation_stream_4 RENAME TO generation_stream;
CREATE VIEW my_generation_stream AS
  SELECT * FROM generation_stream WHERE tenant_id = current_tenant();
CREATE TRIGGER generation_stream_is_never_changed BEFORE UPDATE ON generation_stream
  BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END;
CREATE TRIGGER generation_stream_is_never_deleted BEFORE DELETE ON generation_stream
  BEGIN SELECT RAISE(ABORT, 'a receipt is never deleted'); END;

DROP VIEW my_atom_provenance;
CREATE TABLE atom_provenance_4 (
  generation_stream_id INTEGER NOT NULL
    REFERENCES generation_stream (generation_stream_id),
  provenance_type TEXT NOT NULL CHECK (provenance_type IN ('model', 'evidence')),
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  atom_space INTEGER NOT NULL CHECK (atom_space BETWEEN 0 AND 2),
  atom_hash BLOB NOT NULL CHECK (length(atom_hash) = 32),
  weight REAL NOT NULL,
  PRIMARY KEY (generation_stream_id, provenance_type, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO atom_provenance_4
  SELECT generation_stream_id, provenance_type, sequence, tenant_id, atom_space, atom_hash,
         weight
    FROM atom_provenance;
DROP TABLE atom_provenance;
ALTER TABLE atom_provenance_4 RENAME TO atom_provenance;
CREATE INDEX atom_provenance_by_atom ON atom_provenance (tenant_id, atom_hash);
CREATE VIEW my_atom_provenance AS
  SELECT * FROM atom_provenance WHERE tenant_id = current_tenant();
CREATE TRIGGER atom_provenance_is_never_changed BEFORE UPDATE ON atom_provenance
  BEGIN SELECT RAISE(ABORT, 'provenance is never changed'); END;
)sql";

}  // namespace hart::prov
