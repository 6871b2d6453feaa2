#include "bill/schema_steps.h"

namespace hart::bill {

/// A limit and its counters are one row, so that a check reads and writes one page. The rows of
/// reservations are those of uses that are under way. Nothing here is evidence: limits change,
/// counters begin anew with each window, and what was used stands in the ledger.
const char* const kQuotas = R"sql(
CREATE TABLE billing_quota (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  resource INTEGER NOT NULL CHECK (resource BETWEEN 0 AND 3),
  period INTEGER NOT NULL CHECK (period BETWEEN 0 AND 2),
  hard INTEGER NOT NULL CHECK (hard BETWEEN 0 AND 1),
  limit_micros INTEGER NOT NULL CHECK (limit_micros >= 0),
  window_start_us INTEGER NOT NULL,
  used_micros INTEGER NOT NULL,
  reserved_micros INTEGER NOT NULL CHECK (reserved_micros >= 0),
  PRIMARY KEY (tenant_id, resource, period, hard)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_billing_quota AS
  SELECT * FROM billing_quota WHERE tenant_id = current_tenant();

CREATE TABLE billing_quota_reservation (
  billing_quota_reservation_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL,
  holder INTEGER NOT NULL,
  reserved_us INTEGER NOT NULL,
  tokens_micros INTEGER NOT NULL CHECK (tokens_micros >= 0),
  requests_micros INTEGER NOT NULL CHECK (requests_micros >= 0),
  money_micros INTEGER NOT NULL CHECK (money_micros >= 0),
  bytes_micros INTEGER NOT NULL CHECK (bytes_micros >= 0)
) STRICT;
CREATE VIEW my_billing_quota_reservation AS
  SELECT * FROM billing_quota_reservation WHERE tenant_id = current_tenant();

CREATE TABLE billing_quota_violation (
  billing_quota_violation_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  window_start_us INTEGER NOT NULL,
  resource INTEGER NOT NULL CHECK (resource BETWEEN 0 AND 3),
  period INTEGER NOT NULL CHECK (period BETWEEN 0 AND 2),
  hard INTEGER NOT NULL CHECK (hard BETWEEN 0 AND 1),
  limit_micros INTEGER NOT NULL,
  asked_micros INTEGER NOT NULL,
  used_micros INTEGER NOT NULL,
  reserved_micros INTEGER NOT NULL,
  times INTEGER NOT NULL CHECK (times > 0),
  first_us INTEGER NOT NULL,
  last_us INTEGER NOT NULL,
  UNIQUE (tenant_id, window_start_us, resource, period, hard, limit_micros)
) STRICT;
CREATE VIEW my_billing_quota_violation AS
  SELECT * FROM billing_quota_violation WHERE tenant_id = current_tenant();
CREATE TRIGGER billing_quota_violation_is_never_deleted
  BEFORE DELETE ON billing_quota_violation
  BEGIN SELECT RAISE(ABORT, 'a violation is never deleted'); END;
)sql";

}  // namespace hart::bill
