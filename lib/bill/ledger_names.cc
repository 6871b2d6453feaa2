#include "bill/ledger_names.h"

#include "core/error.h"

namespace hart::bill {
namespace {

constexpr const char* kSelectPrices =
    "SELECT billing_price_id, ifnull(billing_rate_plan_id, 0), currency, operation, unit, "
    "rated,"
    " by_period, base_rate_micros, complexity_e4, content_type_e4, grounding_e4"
    " FROM my_billing_price ";

LedgerNames::StoredPrice read_price(const store::Statement& row) {
  LedgerNames::StoredPrice stored;
  stored.billing_price_id = row.integer(0);
  Price& price = stored.price;
  price.billing_rate_plan_id = row.integer(1);
  price.currency = row.text(2);
  price.operation = row.text(3);
  price.unit = row.text(4);
  price.rated = row.integer(5) != 0;
  price.by_period = row.integer(6) != 0;
  price.base_rate_micros = row.integer(7);
  for (int i = 0; i < kMultiplierTypes; ++i)
    price.multipliers_e4[static_cast<std::size_t>(i)] = row.integer(8 + i);
  return stored;
}

void append_integer(std::string& key, std::int64_t value) {
  key.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

std::string revenue_account(std::string_view operation) {
  return "revenue:" + std::string{operation};
}

std::unordered_map<std::int64_t, Price> load_prices(store::Store& store) {
  std::unordered_map<std::int64_t, Price> prices;
  auto rows = store.db().prepare(kSelectPrices);
  while (rows.step()) {
    LedgerNames::StoredPrice stored = read_price(rows);
    prices.emplace(stored.billing_price_id, std::move(stored.price));
  }
  return prices;
}

LedgerNames::LedgerNames(store::Store& store)
    : store_{store},
      sources_{"SELECT billing_source_id FROM my_billing_source WHERE name = ?",
               "INSERT INTO billing_source (tenant_id, name) VALUES (?, ?)"},
      models_{"SELECT billing_model_id FROM my_billing_model WHERE name = ?",
              "INSERT INTO billing_model (tenant_id, name) VALUES (?, ?)"} {}

std::int64_t LedgerNames::id(Names& names, std::string_view name) {
  if (const auto known = names.ids.find(name); known != names.ids.end()) return known->second;
  store::Connection& db = store_.db();
  auto find = db.prepare(names.find_sql);
  std::int64_t id = 0;
  if (find.with(name).step()) {
    id = find.integer(0);
  } else {
    db.prepare(names.insert_sql, store::Scope::owner).run(store_.tenant_id(), name);
    id = db.last_insert_id();
  }
  names.ids.emplace(name, id);
  return id;
}

void LedgerNames::write_key(const Price& price) {
  key_.clear();
  append_integer(key_, price.billing_rate_plan_id);
  append_integer(key_, price.base_rate_micros);
  for (const std::int64_t multiplier : price.multipliers_e4) append_integer(key_, multiplier);
  key_ += price.rated ? 'r' : '-';
  key_ += price.by_period ? 'p' : '-';
  key_ += price.currency;
  key_ += price.operation;
  key_ += '\0';
  key_ += price.unit;
}

void LedgerNames::load(std::string_view operation, std::string_view unit) {
  auto rows =
      store_.db().prepare(std::string{kSelectPrices} + "WHERE operation = ? AND unit = ?");
  rows.with(operation, unit);
  while (rows.step()) keep(read_price(rows));
}

const LedgerNames::StoredPrice& LedgerNames::keep(StoredPrice stored) {
  write_key(stored.price);
  const StoredPrice& kept = prices_.try_emplace(key_, std::move(stored)).first->second;
  prices_by_id_[kept.billing_price_id] = &kept;
  return kept;
}

void LedgerNames::insert(const Price& price) {
  store_.db()
      .prepare(
          "INSERT INTO billing_price (tenant_id, billing_rate_plan_id, currency, operation,"
          " unit, rated, by_period, base_rate_micros, complexity_e4, content_type_e4,"
          " grounding_e4, debit_account, credit_account)"
          " VALUES (?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          store::Scope::owner)
      .run(store_.tenant_id(), price.billing_rate_plan_id, price.currency, price.operation,
           price.unit, static_cast<int>(price.rated), static_cast<int>(price.by_period),
           price.base_rate_micros, price.multipliers_e4[0], price.multipliers_e4[1],
           price.multipliers_e4[2], kReceivableAccount, revenue_account(price.operation));
  keep({store_.db().last_insert_id(), price});
}

const LedgerNames::StoredPrice& LedgerNames::price(const Price& price) {
  write_key(price);
  if (const auto known = prices_.find(key_); known != prices_.end()) return known->second;
  load(price.operation, price.unit);
  write_key(price);
  if (const auto known = prices_.find(key_); known != prices_.end()) return known->second;
  insert(price);
  return prices_.at(key_);
}

const LedgerNames::StoredPrice& LedgerNames::price(std::int64_t billing_price_id) {
  const auto known = prices_by_id_.find(billing_price_id);
  if (known != prices_by_id_.end()) return *known->second;
  auto row = store_.db().prepare(std::string{kSelectPrices} + "WHERE billing_price_id = ?");
  if (!row.with(billing_price_id).step())
    throw Error{Fault::data, "the ledger is damaged: an entry has no price"};
  return keep(read_price(row));
}

}  // namespace hart::bill
