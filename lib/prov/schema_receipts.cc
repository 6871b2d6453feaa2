#include "prov/schema_steps.h"

namespace hart::prov {

/// Not every result comes of a model, and an ingest has subjects. The openings of a receipt
/// become one row and the type of provenance a number (0 model, 1 evidence, 2 subject): rows
/// and their bytes are what writing a receipt costs. Whose an opening or a row of provenance is
/// follows from its receipt, which verification compares: no second reference is looked up.
///
/// SQLite has no function that writes an integer's bytes: they are cut, one by one, from a blob
/// of all bytes; joining blobs leaves their bytes as they are.
const char* const kReceiptRows = R"sql(
DROP VIEW my_generation_stream;
CREATE TABLE generation_stream_5 (
  generation_stream_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  leaf_index INTEGER NOT NULL CHECK (leaf_index >= 0),
  uuid BLOB NOT NULL CHECK (length(uuid) = 16),
  operation TEXT NOT NULL,
  model_space INTEGER CHECK (model_space BETWEEN 0 AND 2),
  model_hash BLOB CHECK (length(model_hash) = 32),
  started_us INTEGER NOT NULL,
  completed_us INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL CHECK (tokens_in >= 0),
  tokens_out INTEGER NOT NULL CHECK (tokens_out >= 0),
  finish_reason TEXT NOT NULL,
  receipt BLOB NOT NULL,
  receipt_hash BLOB NOT NULL CHECK (length(receipt_hash) = 32),
  previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
  UNIQUE (tenant_id, leaf_index),
  UNIQUE (tenant_id, uuid),
  CHECK ((model_space IS NULL) = (model_hash IS NULL))
) STRICT;
INSERT INTO generation_stream_5
  SELECT generation_stream_id, tenant_id, leaf_index, uuid, operation, model_space, model_hash,
         started_us, completed_us, tokens_in, tokens_out, finish_reason, receipt, receipt_hash,
         previous_hash
    FROM generation_stream ORDER BY generation_stream_id;
DROP TABLE generation_stream;
ALTER TABLE generation_stream_5 RENAME TO generation_stream;
CREATE VIEW my_generation_stream AS
  SELECT * FROM generation_stream WHERE tenant_id = current_tenant();
CREATE TRIGGER generation_stream_is_never_changed BEFORE UPDATE ON generation_stream
  BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END;
CREATE TRIGGER generation_stream_is_never_deleted BEFORE DELETE ON generation_stream
  BEGIN SELECT RAISE(ABORT, 'a receipt is never deleted'); END;

DROP VIEW my_generation_stream_opening;
CREATE TABLE generation_stream_opening_5 (
  generation_stream_id INTEGER PRIMARY KEY
    REFERENCES generation_stream (generation_stream_id),
  tenant_id INTEGER NOT NULL,
  openings BLOB NOT NULL CHECK (length(openings) > 0)
) STRICT;
WITH byte (all_bytes) AS (SELECT CAST(X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
      || X'202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f'
      || X'404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f'
      || X'606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f'
      || X'808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'
      || X'a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf'
      || X'c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf'
      || X'e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' AS BLOB))
INSERT INTO generation_stream_opening_5 (generation_stream_id, tenant_id, openings)
  SELECT generation_stream_id, tenant_id, openings FROM (
    SELECT generation_stream_id, tenant_id, position, first_position,
           CAST(group_concat(CAST(
                 substr(all_bytes, 1 + (position & 255), 1)
              || substr(all_bytes, 1 + (position >> 8 & 255), 1)
              || substr(all_bytes, 1 + (position >> 16 & 255), 1)
              || substr(all_bytes, 1 + (position >> 24 & 255), 1)
              || substr(all_bytes, 1 + (length(content) & 255), 1)
              || substr(all_bytes, 1 + (length(content) >> 8 & 255), 1)
              || substr(all_bytes, 1 + (length(content) >> 16 & 255), 1)
              || substr(all_bytes, 1 + (length(content) >> 24 & 255), 1)
              || salt || content AS BLOB), '') OVER whole AS BLOB) AS openings
      FROM (SELECT *, min(position) OVER (PARTITION BY generation_stream_id)
                        AS first_position
              FROM generation_stream_opening), byte
    WINDOW whole AS (PARTITION BY generation_stream_id ORDER BY position
                     ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
   WHERE position = first_position
   ORDER BY generation_stream_id;
DROP TABLE generation_stream_opening;
ALTER TABLE generation_stream_opening_5 RENAME TO generation_stream_opening;
CREATE VIEW my_generation_stream_opening AS
  SELECT * FROM generation_stream_opening WHERE tenant_id = current_tenant();
CREATE TRIGGER generation_stream_opening_is_never_changed
  BEFORE UPDATE ON generation_stream_opening
  BEGIN SELECT RAISE(ABORT, 'an opening is never changed'); END;

DROP VIEW my_atom_provenance;
CREATE TABLE atom_provenance_5 (
  generation_stream_id INTEGER NOT NULL
    REFERENCES generation_stream (generation_stream_id),
  role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 2),
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  tenant_id INTEGER NOT NULL,
  atom_space INTEGER NOT NULL CHECK (atom_space BETWEEN 0 AND 2),
  atom_hash BLOB NOT NULL CHECK (length(atom_hash) = 32),
  weight REAL NOT NULL,
  PRIMARY KEY (generation_stream_id, role, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO atom_provenance_5
  SELECT generation_stream_id, provenance_type = 'evidence', sequence, tenant_id, atom_space,
         atom_hash, weight
    FROM atom_provenance;
DROP TABLE atom_provenance;
ALTER TABLE atom_provenance_5 RENAME TO atom_provenance;
CREATE INDEX atom_provenance_by_atom ON atom_provenance (tenant_id, atom_hash);
CREATE VIEW my_atom_provenance AS
  SELECT generation_stream_id, role,
         CASE role WHEN 0 THEN 'model' WHEN 1 THEN 'evidence' WHEN 2 THEN 'subject' END
           AS provenance_type,
         sequence, tenant_id, atom_space, atom_hash, weight
    FROM atom_provenance WHERE tenant_id = current_tenant();
CREATE TRIGGER atom_provenance_is_never_changed BEFORE UPDATE ON atom_provenance
  BEGIN SELECT RAISE(ABORT, 'provenance is never changed'); END;
)sql";

}  // namespace hart::prov
