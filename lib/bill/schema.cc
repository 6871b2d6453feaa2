#include "bill/schema.h"

#include <array>

#include "bill/schema_steps.h"

namespace hart::bill {
namespace {

constexpr const char* kPlans = R"sql(
CREATE TABLE billing_rate_plan (
  billing_rate_plan_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  version INTEGER NOT NULL CHECK (version > 0),
  name TEXT NOT NULL CHECK (length(name) > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  effective_from_us INTEGER NOT NULL,
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  created_us INTEGER NOT NULL,
  UNIQUE (tenant_id, version)
) STRICT;
CREATE INDEX billing_rate_plan_by_time
  ON billing_rate_plan (tenant_id, effective_from_us, version);
CREATE VIEW my_billing_rate_plan AS
  SELECT * FROM billing_rate_plan WHERE tenant_id = current_tenant();

CREATE TABLE billing_operation_rate (
  billing_rate_plan_id INTEGER NOT NULL REFERENCES billing_rate_plan (billing_rate_plan_id),
  position INTEGER NOT NULL CHECK (position >= 0),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  operation TEXT NOT NULL,
  unit TEXT NOT NULL,
  base_rate_micros INTEGER NOT NULL CHECK (base_rate_micros >= 0),
  PRIMARY KEY (billing_rate_plan_id, position),
  UNIQUE (billing_rate_plan_id, operation, unit)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_billing_operation_rate AS
  SELECT * FROM billing_operation_rate WHERE tenant_id = current_tenant();

CREATE TABLE billing_multiplier (
  billing_rate_plan_id INTEGER NOT NULL REFERENCES billing_rate_plan (billing_rate_plan_id),
  position INTEGER NOT NULL CHECK (position >= 0),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  multiplier_type TEXT NOT NULL
    CHECK (multiplier_type IN ('complexity', 'content_type', 'grounding')),
  criteria TEXT NOT NULL,
  value_e4 INTEGER NOT NULL CHECK (value_e4 >= 0),
  PRIMARY KEY (billing_rate_plan_id, position)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_billing_multiplier AS
  SELECT * FROM billing_multiplier WHERE tenant_id = current_tenant();
)sql";

constexpr const char* kLedger = R"sql(
CREATE TABLE billing_usage_ledger (
  billing_usage_ledger_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  source TEXT NOT NULL,
  event_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  unit TEXT NOT NULL,
  units_micros INTEGER NOT NULL,
  billing_rate_plan_id INTEGER REFERENCES billing_rate_plan (billing_rate_plan_id),
  currency TEXT NOT NULL,
  base_rate_micros INTEGER NOT NULL CHECK (base_rate_micros >= 0),
  complexity_e4 INTEGER NOT NULL CHECK (complexity_e4 >= 0),
  content_type_e4 INTEGER NOT NULL CHECK (content_type_e4 >= 0),
  grounding_e4 INTEGER NOT NULL CHECK (grounding_e4 >= 0),
  total_micros INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  occurred_us INTEGER NOT NULL,
  recorded_us INTEGER NOT NULL,
  previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
  entry_hash BLOB NOT NULL CHECK (length(entry_hash) = 32),
  UNIQUE (tenant_id, sequence),
  UNIQUE (tenant_id, source, event_id)
) STRICT;
CREATE INDEX billing_usage_ledger_by_time ON billing_usage_ledger (tenant_id, occurred_us);
CREATE VIEW my_billing_usage_ledger AS
  SELECT * FROM billing_usage_ledger WHERE tenant_id = current_tenant();

CREATE TABLE billing_entry (
  billing_usage_ledger_id INTEGER PRIMARY KEY
    REFERENCES billing_usage_ledger (billing_usage_ledger_id),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  debit_account TEXT NOT NULL,
  credit_account TEXT NOT NULL CHECK (credit_account <> debit_account),
  amount_micros INTEGER NOT NULL
) STRICT;
CREATE VIEW my_billing_entry AS
  SELECT * FROM billing_entry WHERE tenant_id = current_tenant();
)sql";

constexpr const char* kInvoices = R"sql(
CREATE TABLE billing_invoice (
  billing_invoice_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  number TEXT NOT NULL,
  period_start_us INTEGER NOT NULL,
  period_end_us INTEGER NOT NULL CHECK (period_end_us > period_start_us),
  currency TEXT NOT NULL,
  total_micros INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  UNIQUE (tenant_id, number)
) STRICT;
CREATE VIEW my_billing_invoice AS
  SELECT * FROM billing_invoice WHERE tenant_id = current_tenant();

CREATE TABLE billing_invoice_line (
  billing_invoice_id INTEGER NOT NULL REFERENCES billing_invoice (billing_invoice_id),
  position INTEGER NOT NULL CHECK (position >= 0),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  operation TEXT NOT NULL,
  unit TEXT NOT NULL,
  base_rate_micros INTEGER NOT NULL,
  complexity_e4 INTEGER NOT NULL,
  content_type_e4 INTEGER NOT NULL,
  grounding_e4 INTEGER NOT NULL,
  events INTEGER NOT NULL CHECK (events > 0),
  units_micros INTEGER NOT NULL,
  amount_micros INTEGER NOT NULL,
  PRIMARY KEY (billing_invoice_id, position)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_billing_invoice_line AS
  SELECT * FROM billing_invoice_line WHERE tenant_id = current_tenant();

CREATE TABLE billing_invoice_item (
  billing_usage_ledger_id INTEGER PRIMARY KEY
    REFERENCES billing_usage_ledger (billing_usage_ledger_id),
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  billing_invoice_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  FOREIGN KEY (billing_invoice_id, position)
    REFERENCES billing_invoice_line (billing_invoice_id, position)
) STRICT;
CREATE VIEW my_billing_invoice_item AS
  SELECT * FROM billing_invoice_item WHERE tenant_id = current_tenant();
)sql";

constexpr const char* kAppendOnly = R"sql(
CREATE TRIGGER billing_rate_plan_is_never_changed BEFORE UPDATE ON billing_rate_plan
  BEGIN SELECT RAISE(ABORT, 'a rate plan is never changed'); END;
CREATE TRIGGER billing_rate_plan_is_never_deleted BEFORE DELETE ON billing_rate_plan
  BEGIN SELECT RAISE(ABORT, 'a rate plan is never deleted'); END;
CREATE TRIGGER billing_operation_rate_is_never_changed BEFORE UPDATE ON billing_operation_rate
  BEGIN SELECT RAISE(ABORT, 'a rate plan is never changed'); END;
CREATE TRIGGER billing_operation_rate_is_never_deleted BEFORE DELETE ON billing_operation_rate
  BEGIN SELECT RAISE(ABORT, 'a rate plan is never deleted'); END;
CREATE TRIGGER billing_multiplier_is_never_changed BEFORE UPDATE ON billing_multiplier
  BEGIN SELECT RAISE(ABORT, 'a rate plan is never changed'); END;
CREATE TRIGGER billing_multiplier_is_never_deleted BEFORE DELETE ON billing_multiplier
  BEGIN SELECT RAISE(ABORT, 'a rate plan is never deleted'); END;
CREATE TRIGGER billing_usage_ledger_is_never_changed BEFORE UPDATE ON billing_usage_ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;
CREATE TRIGGER billing_usage_ledger_is_never_deleted BEFORE DELETE ON billing_usage_ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is never shortened'); END;
CREATE TRIGGER billing_entry_is_never_changed BEFORE UPDATE ON billing_entry
  BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;
CREATE TRIGGER billing_entry_is_never_deleted BEFORE DELETE ON billing_entry
  BEGIN SELECT RAISE(ABORT, 'the ledger is never shortened'); END;
CREATE TRIGGER billing_invoice_is_never_changed BEFORE UPDATE ON billing_invoice
  BEGIN SELECT RAISE(ABORT, 'an invoice is never changed'); END;
CREATE TRIGGER billing_invoice_is_never_deleted BEFORE DELETE ON billing_invoice
  BEGIN SELECT RAISE(ABORT, 'an invoice is never deleted'); END;
CREATE TRIGGER billing_invoice_line_is_never_changed BEFORE UPDATE ON billing_invoice_line
  BEGIN SELECT RAISE(ABORT, 'an invoice is never changed'); END;
CREATE TRIGGER billing_invoice_line_is_never_deleted BEFORE DELETE ON billing_invoice_line
  BEGIN SELECT RAISE(ABORT, 'an invoice is never deleted'); END;
CREATE TRIGGER billing_invoice_item_is_never_changed BEFORE UPDATE ON billing_invoice_item
  BEGIN SELECT RAISE(ABORT, 'an invoice is never changed'); END;
CREATE TRIGGER billing_invoice_item_is_never_deleted BEFORE DELETE ON billing_invoice_item
  BEGIN SELECT RAISE(ABORT, 'an invoice is never deleted'); END;
)sql";

}  // namespace

const store::SchemaModule& bill_schema() noexcept {
  static const std::array<store::Migration, 10> migrations{{
      {1, kPlans},
      {1, kLedger},
      {1, kInvoices},
      {1, kAppendOnly},
      {5, kPlanDocuments},
      {5, kCompactLedger},
      {5, kPeriodInvoices},
      {5, kCredits},
      {5, kQuotas},
      {6, kReservationsInFile},
  }};
  static const store::SchemaModule module{"bill", migrations};
  return module;
}

}  // namespace hart::bill
