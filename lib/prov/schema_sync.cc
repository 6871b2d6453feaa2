#include "prov/schema_steps.h"

namespace hart::prov {

/// How far the log of receipts was delivered to each target, and which of its receipts a target
/// refused. The log itself is the outbox: it is written in the transaction of the receipt, has
/// no gaps, and nothing of it is ever changed or removed, so that a number says what was
/// delivered and a copy of the receipts could only differ from it. Neither table holds content.
const char* const kSync = R"sql(
CREATE TABLE sync_checkpoint (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  target TEXT NOT NULL CHECK (length(target) > 0),
  position INTEGER NOT NULL CHECK (position >= 0),
  updated_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, target)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_sync_checkpoint AS
  SELECT * FROM sync_checkpoint WHERE tenant_id = current_tenant();

CREATE TABLE sync_dead_letter (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  target TEXT NOT NULL CHECK (length(target) > 0),
  leaf_index INTEGER NOT NULL CHECK (leaf_index >= 0),
  attempts INTEGER NOT NULL CHECK (attempts > 0),
  reason TEXT NOT NULL,
  refused_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, target, leaf_index)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_sync_dead_letter AS
  SELECT * FROM sync_dead_letter WHERE tenant_id = current_tenant();
)sql";

}  // namespace hart::prov
