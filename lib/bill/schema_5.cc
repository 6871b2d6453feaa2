#include "bill/schema_steps.h"

namespace hart::bill {

/// A plan is one document, which has more to say than rates and multipliers.
const char* const kPlanDocuments = R"sql(
DROP TRIGGER billing_rate_plan_is_never_changed;
DROP VIEW my_billing_rate_plan;
ALTER TABLE billing_rate_plan ADD COLUMN document TEXT NOT NULL DEFAULT '';
UPDATE billing_rate_plan SET document = json_object(
  'name', name, 'currency', currency,
  'operations', (
    SELECT json_group_array(json_object('operation', operation, 'unit', unit, 'base_rate',
        printf('%d.%06d', base_rate_micros / 1000000, base_rate_micros % 1000000)))
    FROM (SELECT * FROM billing_operation_rate AS r
          WHERE r.billing_rate_plan_id = billing_rate_plan.billing_rate_plan_id
          ORDER BY position)),
  'multipliers', (
    SELECT json_group_array(json_object('type', multiplier_type, 'criteria', json(criteria),
        'value', printf('%d.%04d', value_e4 / 10000, value_e4 % 10000)))
    FROM (SELECT * FROM billing_multiplier AS m
          WHERE m.billing_rate_plan_id = billing_rate_plan.billing_rate_plan_id
          ORDER BY position)));
CREATE VIEW my_billing_rate_plan AS
  SELECT * FROM billing_rate_plan WHERE tenant_id = current_tenant();
CREATE TRIGGER billing_rate_plan_is_never_changed BEFORE UPDATE ON billing_rate_plan
  BEGIN SELECT RAISE(ABORT, 'a rate plan is never changed'); END;
DROP VIEW my_billing_operation_rate;
DROP VIEW my_billing_multiplier;
DROP TABLE billing_operation_rate;
DROP TABLE billing_multiplier;
)sql";

/// One row an event: what is the same for many events stands once beside it, the place in the
/// chain is the row's key, and the one index that is left keeps an event from being recorded
/// twice. The row names no table by a foreign key, which would be looked up for each;
/// `hart-bill verify` looks them up. Times and models are found through the totals of each
/// hour.
const char* const kCompactLedger = R"sql(
CREATE TABLE billing_source (
  billing_source_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  name TEXT NOT NULL CHECK (length(name) > 0),
  UNIQUE (tenant_id, name)
) STRICT;
CREATE VIEW my_billing_source AS
  SELECT * FROM billing_source WHERE tenant_id = current_tenant();

CREATE TABLE billing_model (
  billing_model_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  name TEXT NOT NULL,
  UNIQUE (tenant_id, name)
) STRICT;
CREATE VIEW my_billing_model AS
  SELECT * FROM billing_model WHERE tenant_id = current_tenant();

CREATE TABLE billing_price (
  billing_price_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  billing_rate_plan_id INTEGER REFERENCES billing_rate_plan (billing_rate_plan_id),
  currency TEXT NOT NULL,
  operation TEXT NOT NULL,
  unit TEXT NOT NULL,
  rated INTEGER NOT NULL CHECK (rated BETWEEN 0 AND 1),
  by_period INTEGER NOT NULL CHECK (by_period BETWEEN 0 AND 1),
  base_rate_micros INTEGER NOT NULL CHECK (base_rate_micros >= 0),
  complexity_e4 INTEGER NOT NULL CHECK (complexity_e4 >= 0),
  content_type_e4 INTEGER NOT NULL CHECK (content_type_e4 >= 0),
  grounding_e4 INTEGER NOT NULL CHECK (grounding_e4 >= 0),
  debit_account TEXT NOT NULL,
  credit_account TEXT NOT NULL CHECK (credit_account <> debit_account)
) STRICT;
CREATE INDEX billing_price_by_operation ON billing_price (tenant_id, operation, unit);
CREATE VIEW my_billing_price AS
  SELECT * FROM billing_price WHERE tenant_id = current_tenant();

INSERT INTO billing_source (tenant_id, name)
  SELECT DISTINCT tenant_id, source FROM billing_usage_ledger;
INSERT INTO billing_model (tenant_id, name)
  SELECT DISTINCT tenant_id, CASE json_type(attributes, '$.model') WHEN 'text'
    THEN json_extract(attributes, '$.model') ELSE '' END FROM billing_usage_ledger;
INSERT INTO billing_price (tenant_id, billing_rate_plan_id, currency, operation, unit, rated,
    by_period, base_rate_micros, complexity_e4, content_type_e4, grounding_e4, debit_account,
    credit_account)
  SELECT DISTINCT tenant_id, billing_rate_plan_id, currency, operation, unit,
    EXISTS (SELECT 1 FROM billing_rate_plan AS p, json_each(p.document, '$.operations') AS o
            WHERE p.billing_rate_plan_id = l.billing_rate_plan_id
              AND json_extract(o.value, '$.operation') = l.operation
              AND json_extract(o.value, '$.unit') = l.unit),
    0, base_rate_micros, complexity_e4, content_type_e4, grounding_e4, 'receivable',
    'revenue:' || operation
  FROM billing_usage_ledger AS l;

DROP VIEW my_billing_usage_ledger;
DROP VIEW my_billing_entry;
ALTER TABLE billing_usage_ledger RENAME TO billing_usage_ledger_4;
CREATE TABLE billing_usage_ledger (
  billing_usage_ledger_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL CHECK (tenant_id = billing_usage_ledger_id >> 40),
  billing_source_id INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  billing_price_id INTEGER NOT NULL,
  units_micros INTEGER NOT NULL,
  total_micros INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  occurred_us INTEGER NOT NULL,
  recorded_us INTEGER NOT NULL,
  entry_hash BLOB NOT NULL CHECK (length(entry_hash) = 32)
) STRICT;
INSERT INTO billing_usage_ledger
  SELECT (l.tenant_id << 40) + l.sequence, l.tenant_id, s.billing_source_id, l.event_id,
    p.billing_price_id, l.units_micros, l.total_micros, l.attributes, l.occurred_us,
    l.recorded_us, l.entry_hash
  FROM billing_usage_ledger_4 AS l
  JOIN billing_source AS s ON s.tenant_id = l.tenant_id AND s.name = l.source
  JOIN billing_price AS p ON p.tenant_id = l.tenant_id AND p.operation = l.operation
    AND p.unit = l.unit AND p.billing_rate_plan_id IS l.billing_rate_plan_id
    AND p.currency = l.currency AND p.base_rate_micros = l.base_rate_micros
    AND p.complexity_e4 = l.complexity_e4 AND p.content_type_e4 = l.content_type_e4
    AND p.grounding_e4 = l.grounding_e4
  ORDER BY 1;
CREATE UNIQUE INDEX billing_usage_ledger_by_event
  ON billing_usage_ledger (billing_source_id, event_id);
CREATE VIEW my_billing_usage_ledger AS
  SELECT l.billing_usage_ledger_id, l.tenant_id,
    l.billing_usage_ledger_id & ((1 << 40) - 1) AS sequence,
    (SELECT name FROM billing_source AS s
     WHERE s.billing_source_id = l.billing_source_id AND s.tenant_id = l.tenant_id) AS source,
    l.billing_source_id, l.event_id, l.billing_price_id, l.units_micros, l.total_micros,
    l.attributes, l.occurred_us, l.recorded_us, l.entry_hash
  FROM billing_usage_ledger AS l
  WHERE l.billing_usage_ledger_id >= current_tenant() << 40
    AND l.billing_usage_ledger_id < (current_tenant() + 1) << 40;
CREATE VIEW my_billing_entry AS
  SELECT l.billing_usage_ledger_id, l.tenant_id, p.debit_account AS account,
    l.total_micros AS debit_micros, 0 AS credit_micros
  FROM billing_usage_ledger AS l JOIN billing_price AS p USING (billing_price_id)
  WHERE l.billing_usage_ledger_id >= current_tenant() << 40
    AND l.billing_usage_ledger_id < (current_tenant() + 1) << 40
  UNION ALL
  SELECT l.billing_usage_ledger_id, l.tenant_id, p.credit_account, 0, l.total_micros
  FROM billing_usage_ledger AS l JOIN billing_price AS p USING (billing_price_id)
  WHERE l.billing_usage_ledger_id >= current_tenant() << 40
    AND l.billing_usage_ledger_id < (current_tenant() + 1) << 40;

CREATE TABLE billing_usage_rollup (
  tenant_id INTEGER NOT NULL,
  hour_us INTEGER NOT NULL CHECK (hour_us % 3600000000 = 0),
  billing_price_id INTEGER NOT NULL,
  billing_model_id INTEGER NOT NULL,
  events INTEGER NOT NULL,
  units_micros INTEGER NOT NULL,
  amount_micros INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hour_us, billing_price_id, billing_model_id)
) STRICT, WITHOUT ROWID;
INSERT INTO billing_usage_rollup
  SELECT l.tenant_id, l.occurred_us - l.occurred_us % 3600000000, l.billing_price_id,
    m.billing_model_id, count(*), sum(l.units_micros), sum(l.total_micros),
    min(l.billing_usage_ledger_id) & ((1 << 40) - 1),
    max(l.billing_usage_ledger_id) & ((1 << 40) - 1)
  FROM billing_usage_ledger AS l JOIN billing_model AS m ON m.tenant_id = l.tenant_id
    AND m.name = CASE json_type(l.attributes, '$.model') WHEN 'text'
      THEN json_extract(l.attributes, '$.model') ELSE '' END
  GROUP BY 1, 2, 3, 4;
CREATE VIEW my_billing_usage_rollup AS
  SELECT * FROM billing_usage_rollup WHERE tenant_id = current_tenant();
)sql";

/// An invoice takes what its period had up to a place in the ledger, less what the invoices
/// before it took: no row for each event on it. The tables of version 4 go last.
const char* const kPeriodInvoices = R"sql(
DROP TRIGGER billing_invoice_is_never_changed;
DROP VIEW my_billing_invoice;
DROP VIEW my_billing_invoice_line;
DROP VIEW my_billing_invoice_item;
ALTER TABLE billing_invoice ADD COLUMN decimal_places INTEGER NOT NULL DEFAULT 6
  CHECK (decimal_places BETWEEN 0 AND 6);
ALTER TABLE billing_invoice ADD COLUMN through_sequence INTEGER NOT NULL DEFAULT 0
  CHECK (through_sequence >= 0);
UPDATE billing_invoice SET through_sequence = (
  SELECT coalesce(max(l.sequence) + 1, 0) FROM billing_invoice_item AS i
  JOIN billing_usage_ledger_4 AS l USING (billing_usage_ledger_id)
  WHERE i.billing_invoice_id = billing_invoice.billing_invoice_id);
CREATE VIEW my_billing_invoice AS
  SELECT * FROM billing_invoice WHERE tenant_id = current_tenant();
CREATE TRIGGER billing_invoice_is_never_changed BEFORE UPDATE ON billing_invoice
  BEGIN SELECT RAISE(ABORT, 'an invoice is never changed'); END;

ALTER TABLE billing_invoice_line RENAME TO billing_invoice_line_4;
CREATE TABLE billing_invoice_line (
  billing_invoice_id INTEGER NOT NULL REFERENCES billing_invoice (billing_invoice_id),
  position INTEGER NOT NULL CHECK (position >= 0),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 5),
  billing_rate_plan_id INTEGER REFERENCES billing_rate_plan (billing_rate_plan_id),
  operation TEXT NOT NULL,
  unit TEXT NOT NULL,
  description TEXT NOT NULL,
  base_rate_micros INTEGER NOT NULL,
  complexity_e4 INTEGER NOT NULL,
  content_type_e4 INTEGER NOT NULL,
  grounding_e4 INTEGER NOT NULL,
  events INTEGER NOT NULL,
  units_micros INTEGER NOT NULL,
  exact_micros INTEGER NOT NULL,
  amount_micros INTEGER NOT NULL,
  PRIMARY KEY (billing_invoice_id, position)
) STRICT, WITHOUT ROWID;
INSERT INTO billing_invoice_line
  SELECT i.billing_invoice_id, row_number() OVER (PARTITION BY i.billing_invoice_id
      ORDER BY l.operation, l.unit, l.base_rate_micros, l.complexity_e4, l.content_type_e4,
        l.grounding_e4, l.billing_rate_plan_id) - 1,
    l.tenant_id, 0, l.billing_rate_plan_id, l.operation, l.unit, '', l.base_rate_micros,
    l.complexity_e4, l.content_type_e4, l.grounding_e4, count(*), sum(l.units_micros),
    sum(l.total_micros), sum(l.total_micros)
  FROM billing_invoice_item AS i JOIN billing_usage_ledger_4 AS l USING (billing_usage_ledger_id)
  GROUP BY i.billing_invoice_id, l.operation, l.unit, l.base_rate_micros, l.complexity_e4,
    l.content_type_e4, l.grounding_e4, l.billing_rate_plan_id;
CREATE VIEW my_billing_invoice_line AS
  SELECT * FROM billing_invoice_line WHERE tenant_id = current_tenant();

CREATE TABLE billing_invoice_void (
  billing_invoice_id INTEGER PRIMARY KEY REFERENCES billing_invoice (billing_invoice_id),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  reason TEXT NOT NULL,
  voided_us INTEGER NOT NULL
) STRICT;
CREATE VIEW my_billing_invoice_void AS
  SELECT * FROM billing_invoice_void WHERE tenant_id = current_tenant();

DROP TABLE billing_invoice_item;
DROP TABLE billing_invoice_line_4;
DROP TABLE billing_entry;
DROP TABLE billing_usage_ledger_4;

CREATE TRIGGER billing_source_is_never_changed BEFORE UPDATE ON billing_source
  BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;
CREATE TRIGGER billing_source_is_never_deleted BEFORE DELETE ON billing_source
  BEGIN SELECT RAISE(ABORT, 'the ledger is never shortened'); END;
CREATE TRIGGER billing_model_is_never_changed BEFORE UPDATE ON billing_model
  BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;
CREATE TRIGGER billing_model_is_never_deleted BEFORE DELETE ON billing_model
  BEGIN SELECT RAISE(ABORT, 'the ledger is never shortened'); END;
CREATE TRIGGER billing_price_is_never_changed BEFORE UPDATE ON billing_price
  BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;
CREATE TRIGGER billing_price_is_never_deleted BEFORE DELETE ON billing_price
  BEGIN SELECT RAISE(ABORT, 'the ledger is never shortened'); END;
CREATE TRIGGER billing_usage_ledger_is_never_changed BEFORE UPDATE ON billing_usage_ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;
CREATE TRIGGER billing_usage_ledger_is_never_deleted BEFORE DELETE ON billing_usage_ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is never shortened'); END;
CREATE TRIGGER billing_usage_rollup_is_never_deleted BEFORE DELETE ON billing_usage_rollup
  BEGIN SELECT RAISE(ABORT, 'the totals of the ledger are never deleted'); END;
CREATE TRIGGER billing_invoice_line_is_never_changed BEFORE UPDATE ON billing_invoice_line
  BEGIN SELECT RAISE(ABORT, 'an invoice is never changed'); END;
CREATE TRIGGER billing_invoice_line_is_never_deleted BEFORE DELETE ON billing_invoice_line
  BEGIN SELECT RAISE(ABORT, 'an invoice is never deleted'); END;
CREATE TRIGGER billing_invoice_void_is_never_changed BEFORE UPDATE ON billing_invoice_void
  BEGIN SELECT RAISE(ABORT, 'a void invoice stays void'); END;
CREATE TRIGGER billing_invoice_void_is_never_deleted BEFORE DELETE ON billing_invoice_void
  BEGIN SELECT RAISE(ABORT, 'a void invoice stays void'); END;
)sql";

/// Prepaid money: what was granted, and every draw on it, chained by their hashes.
const char* const kCredits = R"sql(
CREATE TABLE billing_credit_grant (
  billing_credit_grant_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  grant_key TEXT NOT NULL CHECK (length(grant_key) > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  amount_micros INTEGER NOT NULL CHECK (amount_micros > 0),
  priority INTEGER NOT NULL CHECK (priority >= 0),
  granted_us INTEGER NOT NULL,
  expires_us INTEGER,
  note TEXT NOT NULL,
  UNIQUE (tenant_id, grant_key)
) STRICT;
CREATE VIEW my_billing_credit_grant AS
  SELECT * FROM billing_credit_grant WHERE tenant_id = current_tenant();
CREATE TRIGGER billing_credit_grant_is_never_changed BEFORE UPDATE ON billing_credit_grant
  BEGIN SELECT RAISE(ABORT, 'a credit is never changed'); END;
CREATE TRIGGER billing_credit_grant_is_never_deleted BEFORE DELETE ON billing_credit_grant
  BEGIN SELECT RAISE(ABORT, 'a credit is never deleted'); END;

CREATE TABLE billing_credit_entry (
  billing_credit_entry_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  billing_credit_grant_id INTEGER NOT NULL
    REFERENCES billing_credit_grant (billing_credit_grant_id),
  billing_invoice_id INTEGER REFERENCES billing_invoice (billing_invoice_id),
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
  debit_account TEXT NOT NULL,
  credit_account TEXT NOT NULL CHECK (credit_account <> debit_account),
  amount_micros INTEGER NOT NULL CHECK (amount_micros > 0),
  recorded_us INTEGER NOT NULL,
  entry_hash BLOB NOT NULL CHECK (length(entry_hash) = 32),
  UNIQUE (tenant_id, sequence)
) STRICT;
CREATE INDEX billing_credit_entry_by_grant ON billing_credit_entry (billing_credit_grant_id);
CREATE INDEX billing_credit_entry_by_invoice ON billing_credit_entry (billing_invoice_id);
CREATE VIEW my_billing_credit_entry AS
  SELECT * FROM billing_credit_entry WHERE tenant_id = current_tenant();
CREATE TRIGGER billing_credit_entry_is_never_changed BEFORE UPDATE ON billing_credit_entry
  BEGIN SELECT RAISE(ABORT, 'a credit is never changed'); END;
CREATE TRIGGER billing_credit_entry_is_never_deleted BEFORE DELETE ON billing_credit_entry
  BEGIN SELECT RAISE(ABORT, 'a credit is never deleted'); END;
)sql";

}  // namespace hart::bill
