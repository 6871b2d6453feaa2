#include "bill/schema_steps.h"

namespace hart::bill {

/// What uses under way have set aside ends with their processes: it stands in the file
/// `reservations`, and no longer in rows, which cost a transaction each. What processes of the
/// older version had set aside is theirs no more, as no one migrates a store in use.
const char* const kReservationsInFile = R"sql(
DROP VIEW my_billing_quota_reservation;
DROP TABLE billing_quota_reservation;
DROP VIEW my_billing_quota;
CREATE TABLE billing_quota_6 (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  resource INTEGER NOT NULL CHECK (resource BETWEEN 0 AND 3),
  period INTEGER NOT NULL CHECK (period BETWEEN 0 AND 2),
  hard INTEGER NOT NULL CHECK (hard BETWEEN 0 AND 1),
  limit_micros INTEGER NOT NULL CHECK (limit_micros >= 0),
  window_start_us INTEGER NOT NULL,
  used_micros INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, resource, period, hard)
) STRICT, WITHOUT ROWID;
INSERT INTO billing_quota_6
  SELECT tenant_id, resource, period, hard, limit_micros, window_start_us, used_micros
  FROM billing_quota;
DROP TABLE billing_quota;
ALTER TABLE billing_quota_6 RENAME TO billing_quota;
CREATE VIEW my_billing_quota AS
  SELECT * FROM billing_quota WHERE tenant_id = current_tenant();
)sql";

}  // namespace hart::bill
