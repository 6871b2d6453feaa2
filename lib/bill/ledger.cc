#include "bill/ledger.h"

#include "bill/ledger_row.h"
#include "bill/record_hasher.h"
#include "core/error.h"

namespace hart::bill {
namespace {

void check_complete(const UsageRecord& usage) {
  const auto require = [&](const std::string& value, const char* name) {
    if (value.empty()) throw Error{Fault::data, std::string{"usage: has no "} + name};
  };
  require(usage.source, "source");
  require(usage.event_id, "event id");
  require(usage.operation, "operation");
  require(usage.unit, "unit");
  if (!usage.attributes.is_object())
    throw Error{Fault::data, "usage: attributes are no object"};
}

}  // namespace

Hash256 ledger_entry_hash(const LedgerEntry& entry) {
  const UsageRecord& usage = entry.usage;
  const Rating& rating = entry.rating;
  RecordHasher hasher{"HARTLEDG"};
  hasher.integer(entry.sequence)
      .text(usage.source)
      .text(usage.event_id)
      .text(usage.operation)
      .text(usage.unit)
      .integer(usage.units_micros)
      .integer(rating.billing_rate_plan_id)
      .text(rating.currency)
      .integer(rating.base_rate_micros);
  for (const std::int64_t multiplier : rating.multipliers_e4) hasher.integer(multiplier);
  return hasher.integer(rating.total_micros)
      .text(dump_json(usage.attributes))
      .integer(usage.time)
      .integer(entry.recorded)
      .digest(entry.previous_hash)
      .finish();
}

LedgerWriter::LedgerWriter(store::Store& store)
    : store_{store},
      plans_{store},
      find_{
          store.db().prepare(std::string{kSelectLedger} + "WHERE source = ? AND event_id = ?")},
      insert_{store.db().prepare(
          "INSERT INTO billing_usage_ledger (tenant_id, sequence, source, event_id, operation,"
          " unit, units_micros, billing_rate_plan_id, currency, base_rate_micros, "
          "complexity_e4,"
          " content_type_e4, grounding_e4, total_micros, attributes, occurred_us, recorded_us,"
          " previous_hash, entry_hash)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          store::Scope::owner)},
      insert_entry_{store.db().prepare(
          "INSERT INTO billing_entry (billing_usage_ledger_id, tenant_id, debit_account,"
          " credit_account, amount_micros) VALUES (?, ?, 'receivable', ?, ?)",
          store::Scope::owner)} {
  auto last = store.db().prepare(
      "SELECT sequence, entry_hash FROM my_billing_usage_ledger ORDER BY sequence DESC LIMIT "
      "1");
  if (last.step()) {
    next_sequence_ = last.integer(0) + 1;
    last_hash_ = last.hash(1);
  }
}

std::optional<LedgerEntry> LedgerWriter::find(const UsageRecord& usage) {
  std::optional<LedgerEntry> found;
  if (find_.with(usage.source, usage.event_id).step()) found = read_ledger_row(find_, plans_);
  find_.reset();
  return found;
}

LedgerWriter::Outcome LedgerWriter::record(const UsageRecord& usage) {
  check_complete(usage);
  if (auto known = find(usage)) {
    const UsageRecord& before = known->usage;
    if (before.operation != usage.operation || before.unit != usage.unit ||
        before.units_micros != usage.units_micros)
      throw Error{Fault::data, "usage: event '" + usage.event_id + "' of '" + usage.source +
                                   "' was recorded before with other contents"};
    return {std::move(*known), true};
  }
  LedgerEntry entry;
  entry.recorded = store_.now();
  entry.usage = usage;
  if (entry.usage.time == 0) entry.usage.time = entry.recorded;
  entry.rating = rate(plans_.at(entry.usage.time), entry.usage);
  insert(entry);
  return {std::move(entry), false};
}

void LedgerWriter::insert(LedgerEntry& entry) {
  entry.sequence = next_sequence_;
  entry.previous_hash = last_hash_;
  entry.hash = ledger_entry_hash(entry);
  const UsageRecord& usage = entry.usage;
  const Rating& rating = entry.rating;
  insert_.run(store_.tenant_id(), entry.sequence, usage.source, usage.event_id, usage.operation,
              usage.unit, usage.units_micros, rating.billing_rate_plan_id, rating.currency,
              rating.base_rate_micros, rating.multipliers_e4[0], rating.multipliers_e4[1],
              rating.multipliers_e4[2], rating.total_micros, dump_json(usage.attributes),
              usage.time, entry.recorded, entry.previous_hash, entry.hash);
  entry.billing_usage_ledger_id = store_.db().last_insert_id();
  insert_entry_.run(entry.billing_usage_ledger_id, store_.tenant_id(),
                    "revenue:" + usage.operation, rating.total_micros);
  ++next_sequence_;
  last_hash_ = entry.hash;
}

}  // namespace hart::bill
