#include "ooda/schema.h"

#include <array>

namespace hart::ooda {
namespace {

constexpr const char* kLoop = R"sql(
CREATE TABLE ooda_loop_state (
  tenant_id INTEGER PRIMARY KEY REFERENCES tenant (tenant_id),
  stopped INTEGER NOT NULL DEFAULT 0 CHECK (stopped IN (0, 1)),
  reason TEXT NOT NULL DEFAULT '',
  changed_us INTEGER NOT NULL DEFAULT 0,
  cycles INTEGER NOT NULL DEFAULT 0 CHECK (cycles >= 0),
  last_cycle BLOB CHECK (length(last_cycle) = 16),
  last_cycle_us INTEGER NOT NULL DEFAULT 0,
  last_query_id INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE VIEW my_ooda_loop_state AS
  SELECT * FROM ooda_loop_state WHERE tenant_id = current_tenant();

CREATE TABLE ooda_log (
  ooda_log_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  cycle BLOB NOT NULL CHECK (length(cycle) = 16),
  phase TEXT NOT NULL CHECK (phase IN ('observe', 'orient', 'decide', 'act', 'learn')),
  started_us INTEGER NOT NULL,
  duration_us INTEGER NOT NULL CHECK (duration_us >= 0),
  details TEXT NOT NULL,
  error TEXT,
  success_score REAL CHECK (success_score BETWEEN 0 AND 1)
) STRICT;
CREATE INDEX ooda_log_by_time ON ooda_log (tenant_id, started_us);
CREATE VIEW my_ooda_log AS SELECT * FROM ooda_log WHERE tenant_id = current_tenant();
)sql";

/// Column `action` of hypothesis_weight is the kind of action: two kinds of one type of
/// hypothesis succeed for different reasons.
constexpr const char* kLearning = R"sql(
CREATE TABLE hypothesis_weight (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  hypothesis_type TEXT NOT NULL,
  action TEXT NOT NULL,
  success_count INTEGER NOT NULL CHECK (success_count >= 0),
  failure_count INTEGER NOT NULL CHECK (failure_count >= 0),
  confidence REAL NOT NULL CHECK (confidence > 0 AND confidence < 1),
  avg_impact REAL NOT NULL,
  updated_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hypothesis_type, action)
) STRICT, WITHOUT ROWID;
CREATE VIEW my_hypothesis_weight AS
  SELECT * FROM hypothesis_weight WHERE tenant_id = current_tenant();

CREATE TABLE autonomous_improvement_history (
  autonomous_improvement_history_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  number INTEGER NOT NULL CHECK (number > 0),
  cycle BLOB NOT NULL CHECK (length(cycle) = 16),
  hypothesis_type TEXT NOT NULL,
  action TEXT NOT NULL,
  inverse TEXT NOT NULL,
  risk_level TEXT NOT NULL CHECK (risk_level IN ('low', 'medium', 'high')),
  predicted_gain REAL NOT NULL,
  before_us REAL,
  after_us REAL,
  gain REAL,
  gain_lower REAL,
  measured TEXT NOT NULL,
  decision TEXT NOT NULL
    CHECK (decision IN ('acting', 'adopted', 'rejected', 'rolled_back')),
  reason TEXT NOT NULL,
  evidence_query_id INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  completed_us INTEGER,
  UNIQUE (tenant_id, number)
) STRICT;
CREATE VIEW my_autonomous_improvement_history AS
  SELECT * FROM autonomous_improvement_history WHERE tenant_id = current_tenant();
)sql";

constexpr std::array<store::Migration, 2> kMigrations{{{1, kLoop}, {1, kLearning}}};

}  // namespace

const store::SchemaModule& ooda_schema() noexcept {
  static const store::SchemaModule module{"ooda", kMigrations};
  return module;
}

}  // namespace hart::ooda
