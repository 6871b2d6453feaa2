#include "store/schema_steps.h"

namespace hart::store {

/// API keys, what they permit, and the log of what was administered and refused.
///
/// hmac_key holds the key under which secrets of API keys are hashed; it is made with the
/// first of them. A key's row is never deleted: what a log says of it stays readable.
const char* const kApiKeys = R"sql(
ALTER TABLE tenant ADD COLUMN requires_key INTEGER NOT NULL DEFAULT 0
  CHECK (requires_key BETWEEN 0 AND 1);

CREATE TABLE hmac_key (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL CHECK (length(value) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
  api_key_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 12),
  hmac BLOB NOT NULL CHECK (length(hmac) = 32),
  label TEXT NOT NULL CHECK (length(label) <= 200),
  created_us INTEGER NOT NULL,
  expires_us INTEGER,
  revoked_us INTEGER,
  rate_per_minute INTEGER CHECK (rate_per_minute > 0),
  burst INTEGER CHECK (burst > 0)
) STRICT;
CREATE INDEX api_key_by_tenant ON api_key (tenant_id);
CREATE VIEW my_api_key AS
  SELECT api_key_id, tenant_id, public_id, label, created_us, expires_us, revoked_us,
         rate_per_minute, burst
    FROM api_key WHERE tenant_id = current_tenant();
CREATE TRIGGER api_key_is_never_deleted BEFORE DELETE ON api_key
  BEGIN SELECT RAISE(ABORT, 'a key is revoked, never deleted'); END;
CREATE TRIGGER api_key_only_ends BEFORE UPDATE ON api_key
WHEN NEW.api_key_id IS NOT OLD.api_key_id OR NEW.tenant_id IS NOT OLD.tenant_id
  OR NEW.public_id IS NOT OLD.public_id OR NEW.hmac IS NOT OLD.hmac
  OR (OLD.revoked_us IS NOT NULL AND NEW.revoked_us IS NOT OLD.revoked_us)
  OR (OLD.expires_us IS NOT NULL AND (NEW.expires_us IS NULL OR NEW.expires_us > OLD.expires_us))
  BEGIN SELECT RAISE(ABORT, 'a key can only end, and only earlier'); END;

CREATE TABLE api_key_scope (
  api_key_id INTEGER NOT NULL REFERENCES api_key (api_key_id),
  scope TEXT NOT NULL,
  PRIMARY KEY (api_key_id, scope)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_api_key_scope AS
  SELECT api_key_id, scope FROM api_key_scope WHERE api_key_id IN (
    SELECT api_key_id FROM api_key WHERE tenant_id = current_tenant());

CREATE TABLE audit_log (
  audit_id INTEGER PRIMARY KEY,
  time_us INTEGER NOT NULL,
  tenant_id INTEGER REFERENCES tenant (tenant_id),
  actor TEXT NOT NULL,
  command TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome = 'done' OR outcome = 'refused'),
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_log_by_time ON audit_log (time_us);
CREATE VIEW my_audit_log AS SELECT * FROM audit_log WHERE tenant_id = current_tenant();
CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
  BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_log_is_never_deleted BEFORE DELETE ON audit_log
  BEGIN SELECT RAISE(ABORT, 'the audit log is never shortened'); END;
)sql";

}  // namespace hart::store
