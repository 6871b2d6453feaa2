#include "bill/ledger.h"

#include "bill/record_hasher.h"
#include "core/error.h"

namespace hart::bill {
namespace {

/// The key of a row holds the tenant above 40 bits of the entry's place in its ledger.
constexpr int kSequenceBits = 40;

constexpr const char* kSelectLedger =
    "SELECT sequence, source, event_id, billing_price_id, units_micros, total_micros,"
    " attributes, occurred_us, recorded_us, entry_hash FROM my_billing_usage_ledger ";

LedgerEntry read_entry(const store::Statement& row,
                       const std::unordered_map<std::int64_t, Price>& prices) {
  LedgerEntry entry;
  entry.sequence = row.integer(0);
  const std::string name = "ledger: entry " + std::to_string(entry.sequence);
  if (row.is_null(1)) throw Error{Fault::data, name + " has no source"};
  entry.usage.source = row.text(1);
  entry.usage.event_id = row.text(2);
  entry.billing_price_id = row.integer(3);
  const auto price = prices.find(entry.billing_price_id);
  if (price == prices.end()) throw Error{Fault::data, name + " has no price"};
  entry.price = price->second;
  entry.usage.operation = entry.price.operation;
  entry.usage.unit = entry.price.unit;
  entry.usage.units_micros = row.integer(4);
  entry.total_micros = row.integer(5);
  entry.attributes = row.text(6);
  entry.usage.attributes = parse_json(entry.attributes, name + ": attributes");
  entry.usage.time = row.integer(7);
  entry.recorded = row.integer(8);
  entry.hash = row.hash(9);
  return entry;
}

}  // namespace

Hash256 ledger_entry_hash(std::int64_t sequence, const UsageEvent& event, TimeUs time,
                          const Price& price, std::int64_t total_micros, TimeUs recorded,
                          const Hash256& previous) {
  RecordHasher hasher{"HARTLEDG"};
  hasher.integer(sequence)
      .text(event.source)
      .text(event.event_id)
      .text(event.operation)
      .text(event.unit)
      .integer(event.units_micros)
      .integer(price.billing_rate_plan_id)
      .text(price.currency)
      .integer(price.base_rate_micros);
  for (const std::int64_t multiplier : price.multipliers_e4) hasher.integer(multiplier);
  return hasher.integer(total_micros)
      .text(event.attributes_json)
      .integer(time)
      .integer(recorded)
      .digest(previous)
      .finish();
}

LedgerBatch::LedgerBatch(store::Store& store)
    : LedgerBatch{store, std::make_unique<store::WriteTransaction>(store)} {}

LedgerBatch::LedgerBatch(store::Store& store, std::unique_ptr<store::WriteTransaction> own)
    : LedgerBatch{store, *own} {
  own_ = std::move(own);
}

LedgerBatch::LedgerBatch(store::Store& store, store::WriteTransaction& transaction)
    : store_{store},
      transaction_{transaction},
      plans_{store},
      names_{store},
      rollups_{store},
      insert_{store.db().prepare(
          "INSERT INTO billing_usage_ledger (billing_usage_ledger_id, tenant_id,"
          " billing_source_id, event_id, billing_price_id, units_micros, total_micros,"
          " attributes, occurred_us, recorded_us, entry_hash)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
          " ON CONFLICT (billing_source_id, event_id) DO NOTHING",
          store::Scope::owner)},
      find_{store.db().prepare(
          "SELECT sequence, billing_price_id, units_micros, total_micros, occurred_us"
          " FROM my_billing_usage_ledger WHERE billing_source_id = ? AND event_id = ?")},
      now_{store.now()},
      quotas_{store, now_} {
  auto last = store.db().prepare(
      "SELECT sequence, entry_hash FROM my_billing_usage_ledger"
      " ORDER BY billing_usage_ledger_id DESC LIMIT 1");
  if (last.step()) {
    next_sequence_ = last.integer(0) + 1;
    last_hash_ = last.hash(1);
  }
}

std::optional<LedgerBatch::Outcome> LedgerBatch::known(std::int64_t source,
                                                       const UsageEvent& event) {
  if (!find_.with(source, event.event_id).step()) {
    find_.reset();
    return std::nullopt;
  }
  const LedgerNames::StoredPrice& stored = names_.price(find_.integer(1));
  const std::int64_t units_micros = find_.integer(2);
  const Outcome outcome{find_.integer(0), find_.integer(4), stored.billing_price_id,
                        &stored.price,    find_.integer(3), true};
  find_.reset();
  if (stored.price.operation != event.operation || stored.price.unit != event.unit ||
      units_micros != event.units_micros)
    throw Error{Fault::data, "usage: event '" + std::string{event.event_id} + "' of '" +
                                 std::string{event.source} +
                                 "' was recorded before with other contents"};
  return outcome;
}

LedgerBatch::Outcome LedgerBatch::record(const UsageEvent& event, TimeUs reserved) {
  const std::int64_t source = names_.source(event.source);
  const TimeUs time = event.time == 0 ? now_ : event.time;
  price_of(plans_.at(time), event, price_);
  const LedgerNames::StoredPrice& stored = names_.price(price_);
  const AttributeValue* model = event.find("model");
  const bool named = model != nullptr && model->kind == AttributeValue::Kind::text;
  const RollupKey hour{hour_of(time), stored.billing_price_id,
                       names_.model(named ? model->text : "")};
  std::int64_t total = 0;
  RollupSums* sums = nullptr;
  try {
    total = rated_total(price_, event.units_micros);
    sums = &rollups_.room_for(hour, event.units_micros, total);
  } catch (const Error&) {
    // What stands in the ledger already adds nothing, and needs no room.
    if (const auto standing = known(source, event)) return *standing;
    throw;
  }
  const Hash256 hash =
      ledger_entry_hash(next_sequence_, event, time, price_, total, now_, last_hash_);
  insert_.run((store_.tenant_id() << kSequenceBits) + next_sequence_, store_.tenant_id(),
              source, event.event_id, stored.billing_price_id, event.units_micros, total,
              event.attributes_json, time, now_, hash);
  if (store_.db().changes() == 0) {
    if (const auto standing = known(source, event)) return *standing;
    throw Error{Fault::internal, "the ledger has an event that it cannot find"};
  }
  quotas_.add(quota_amounts(event.unit, event.units_micros, total),
              reserved == 0 ? time : reserved);
  add_event(*sums, next_sequence_, event.units_micros, total);
  last_hash_ = hash;
  return {next_sequence_++, time, stored.billing_price_id, &stored.price, total, false};
}

void LedgerBatch::commit() {
  rollups_.finish();
  quotas_.write();
  transaction_.commit();
  quotas_.call_hook();
}

void for_each_ledger_entry(store::Store& store, std::int64_t from_sequence,
                           const std::function<bool(const LedgerEntry&)>& visit) {
  const auto prices = load_prices(store);
  auto rows =
      store.db().prepare(std::string{kSelectLedger} +
                         "WHERE billing_usage_ledger_id >= ? ORDER BY billing_usage_ledger_id");
  rows.with((store.tenant_id() << kSequenceBits) + from_sequence);
  while (rows.step())
    if (!visit(read_entry(rows, prices))) return;
}

std::int64_t ledger_size(store::Store& store) {
  auto last = store.db().prepare(
      "SELECT sequence FROM my_billing_usage_ledger"
      " ORDER BY billing_usage_ledger_id DESC LIMIT 1");
  return last.step() ? last.integer(0) + 1 : 0;
}

}  // namespace hart::bill
