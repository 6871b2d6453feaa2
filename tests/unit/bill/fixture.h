#pragma once

#include <array>
#include <string>

#include "bill/ledger.h"
#include "bill/plan_book.h"
#include "bill/schema.h"
#include "store/schema.h"
#include "support/scratch_store.h"

namespace hart::test {

/// A store with the catalog and billing tables.
inline const std::array<store::SchemaModule, 2>& bill_modules() {
  static const std::array<store::SchemaModule, 2> modules{store::catalog_schema(),
                                                          bill::bill_schema()};
  return modules;
}

inline constexpr const char* kPlan = R"({
  "name": "test", "currency": "USD", "decimal_places": 6, "effective_from": "2026-01-01",
  "operations": [
    {"operation": "generate_text", "unit": "token", "base_rate": "0.000002"},
    {"operation": "search", "unit": "query", "base_rate": "0.000500"}],
  "multipliers": [
    {"type": "complexity", "criteria": {"tokens_in": {">": 500}}, "value": "2"},
    {"type": "complexity", "criteria": {"tokens_in": {">": 100}}, "value": "1.5"},
    {"type": "content_type", "criteria": {"content_type": "code"}, "value": "0.8"},
    {"type": "grounding", "criteria": {"evidence": {"exists": true}}, "value": "1.25"}]
})";

inline void apply_test_plan(store::Store& store) {
  (void)bill::apply_plan(store, bill::parse_plan(kPlan), false);
}

/// `units` micros of text generation on 2026-11-05.
inline UsageRecord sample_usage(const std::string& event_id, std::int64_t units_micros) {
  UsageRecord usage;
  usage.source = "test";
  usage.event_id = event_id;
  usage.operation = "generate_text";
  usage.unit = "token";
  usage.units_micros = units_micros;
  usage.time = parse_time("2026-11-05");
  return usage;
}

inline bill::LedgerBatch::Outcome record(store::Store& store, const UsageRecord& usage) {
  bill::LedgerBatch batch{store};
  bill::LedgerBatch::Outcome outcome = batch.record(bill::usage_event(usage));
  batch.commit();
  outcome.price = nullptr;  // lived as long as the batch
  return outcome;
}

}  // namespace hart::test
