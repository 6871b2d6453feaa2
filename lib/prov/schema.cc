#include "prov/schema.h"

#include <array>

#include "prov/retention.h"
#include "prov/schema_steps.h"

namespace hart::prov {
namespace {

/// The columns beside `receipt` repeat what the receipt holds, to be searched by; verification
/// compares them with it.
constexpr const char* kStreams = R"sql(
CREATE TABLE generation_stream (
  generation_stream_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  leaf_index INTEGER NOT NULL CHECK (leaf_index >= 0),
  uuid BLOB NOT NULL CHECK (length(uuid) = 16),
  operation TEXT NOT NULL,
  model_space INTEGER NOT NULL CHECK (model_space IN (0, 1, 2)),
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
CREATE VIEW my_generation_stream AS
  SELECT * FROM generation_stream WHERE tenant_id = current_tenant();
CREATE TRIGGER generation_stream_is_never_changed BEFORE UPDATE ON generation_stream
  BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END;
CREATE TRIGGER generation_stream_is_never_deleted BEFORE DELETE ON generation_stream
  BEGIN SELECT RAISE(ABORT, 'a receipt is never deleted'); END;

CREATE TABLE generation_stream_opening (
  generation_stream_id INTEGER NOT NULL
    REFERENCES generation_stream (generation_stream_id),
  position INTEGER NOT NULL CHECK (position >= 0),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  salt BLOB NOT NULL CHECK (length(salt) = 32),
  content BLOB NOT NULL,
  PRIMARY KEY (generation_stream_id, position)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_generation_stream_opening AS
  SELECT * FROM generation_stream_opening WHERE tenant_id = current_tenant();
CREATE TRIGGER generation_stream_opening_is_never_changed
  BEFORE UPDATE ON generation_stream_opening
  BEGIN SELECT RAISE(ABORT, 'an opening is never changed'); END;

CREATE TABLE atom_provenance (
  generation_stream_id INTEGER NOT NULL
    REFERENCES generation_stream (generation_stream_id),
  provenance_type TEXT NOT NULL CHECK (provenance_type IN ('model', 'evidence')),
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  atom_space INTEGER NOT NULL CHECK (atom_space IN (0, 1, 2)),
  atom_hash BLOB NOT NULL CHECK (length(atom_hash) = 32),
  weight REAL NOT NULL,
  PRIMARY KEY (generation_stream_id, provenance_type, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX atom_provenance_by_atom ON atom_provenance (tenant_id, atom_hash);
CREATE VIEW my_atom_provenance AS
  SELECT * FROM atom_provenance WHERE tenant_id = current_tenant();
CREATE TRIGGER atom_provenance_is_never_changed BEFORE UPDATE ON atom_provenance
  BEGIN SELECT RAISE(ABORT, 'provenance is never changed'); END;
)sql";

/// transparency_node holds the roots of complete subtrees of 2^level leaves, level >= 1.
constexpr const char* kLog = R"sql(
CREATE TABLE transparency_leaf (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  leaf_index INTEGER NOT NULL CHECK (leaf_index >= 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (tenant_id, leaf_index)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_transparency_leaf AS
  SELECT * FROM transparency_leaf WHERE tenant_id = current_tenant();
CREATE TRIGGER transparency_leaf_is_never_changed BEFORE UPDATE ON transparency_leaf
  BEGIN SELECT RAISE(ABORT, 'the transparency log is never changed'); END;
CREATE TRIGGER transparency_leaf_is_never_deleted BEFORE DELETE ON transparency_leaf
  BEGIN SELECT RAISE(ABORT, 'the transparency log is never shortened'); END;

CREATE TABLE transparency_node (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 62),
  node_index INTEGER NOT NULL CHECK (node_index >= 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (tenant_id, level, node_index)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_transparency_node AS
  SELECT * FROM transparency_node WHERE tenant_id = current_tenant();
CREATE TRIGGER transparency_node_is_never_changed BEFORE UPDATE ON transparency_node
  BEGIN SELECT RAISE(ABORT, 'the transparency log is never changed'); END;
CREATE TRIGGER transparency_node_is_never_deleted BEFORE DELETE ON transparency_node
  BEGIN SELECT RAISE(ABORT, 'the transparency log is never shortened'); END;
)sql";

}  // namespace

const store::SchemaModule& prov_schema() noexcept {
  static const std::array migrations{
      store::Migration{1, kStreams},           store::Migration{1, kLog},
      store::Migration{4, kTransparencyTiles}, store::Migration{4, kCheapChecks},
      store::Migration{5, kReceiptRows},       store::Migration{5, kProvenanceGraph},
      store::Migration{5, kOpeningRetention},  store::Migration{5, kSync},
      store::Migration{6, kEntityOrder},
  };
  static const store::SchemaModule module{"prov", migrations, erase_provenance};
  return module;
}

}  // namespace hart::prov
