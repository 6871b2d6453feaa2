#include "bill/credit.h"

#include <algorithm>
#include <limits>

#include "bill/ledger_names.h"
#include "bill/plan_book.h"
#include "bill/record_hasher.h"
#include "core/decimal.h"
#include "core/error.h"
#include "core/uuid.h"
#include "store/audit.h"

namespace hart::bill {
namespace {

constexpr const char* kPrepaidAccount = "prepaid";
constexpr const char* kGrantedAccount = "credit_granted";

/// Adds entries to the acting tenant's chain; lives inside one WriteTransaction.
class CreditWriter {
 public:
  explicit CreditWriter(store::Store& store) : store_{store} {
    auto last = store.db().prepare(
        "SELECT sequence, entry_hash FROM my_billing_credit_entry"
        " ORDER BY sequence DESC LIMIT 1");
    if (!last.step()) return;
    next_ = last.integer(0) + 1;
    head_ = last.hash(1);
  }

  void add(CreditKind kind, const CreditGrant& grant, std::int64_t invoice,
           const std::string& number, std::int64_t amount_micros, TimeUs now) {
    CreditEntry entry;
    entry.sequence = next_++;
    entry.kind = kind;
    entry.grant_key = grant.key;
    entry.invoice = number;
    const bool draw = kind == CreditKind::draw;
    const char* other = kind == CreditKind::grant ? kGrantedAccount : kReceivableAccount;
    entry.debit_account = draw ? kPrepaidAccount : other;
    entry.credit_account = draw ? other : kPrepaidAccount;
    entry.amount_micros = amount_micros;
    entry.recorded = now;
    head_ = credit_entry_hash(entry, grant, head_);
    store_.db()
        .prepare(
            "INSERT INTO billing_credit_entry (tenant_id, sequence, billing_credit_grant_id,"
            " billing_invoice_id, kind, debit_account, credit_account, amount_micros,"
            " recorded_us, entry_hash) VALUES (?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?, ?)",
            store::Scope::owner)
        .run(store_.tenant_id(), entry.sequence, grant.billing_credit_grant_id, invoice,
             static_cast<int>(kind), entry.debit_account, entry.credit_account, amount_micros,
             now, head_);
  }

 private:
  store::Store& store_;
  std::int64_t next_ = 0;
  Hash256 head_{};
};

void check_grant(const CreditGrant& grant, TimeUs now) {
  if (grant.amount_micros <= 0) throw Error{Fault::data, "credit: the amount is not above 0"};
  if (grant.priority < 0) throw Error{Fault::data, "credit: the priority is below 0"};
  if (grant.expired(now)) throw Error{Fault::data, "credit: it expires in the past"};
}

}  // namespace

std::string_view credit_kind_name(CreditKind kind) noexcept {
  constexpr std::string_view kNames[] = {"grant", "draw", "return"};
  return kNames[static_cast<std::size_t>(kind)];
}

Hash256 credit_entry_hash(const CreditEntry& entry, const CreditGrant& grant,
                          const Hash256& previous) {
  return RecordHasher{"HARTCRED"}
      .integer(entry.sequence)
      .integer(static_cast<int>(entry.kind))
      .text(grant.key)
      .text(grant.currency)
      .integer(grant.amount_micros)
      .integer(grant.priority)
      .integer(grant.granted)
      .integer(grant.expires.value_or(0))
      .text(grant.note)
      .text(entry.invoice)
      .text(entry.debit_account)
      .text(entry.credit_account)
      .integer(entry.amount_micros)
      .integer(entry.recorded)
      .digest(previous)
      .finish();
}

std::vector<CreditGrant> credit_grants(store::Store& store) {
  auto rows = store.db().prepare(
      "SELECT g.billing_credit_grant_id, g.grant_key, g.currency, g.amount_micros, g.priority,"
      " g.granted_us, g.expires_us, g.note,"
      " (SELECT ifnull(sum(CASE e.kind WHEN 1 THEN -e.amount_micros ELSE e.amount_micros END),"
      "  0) FROM my_billing_credit_entry AS e"
      "  WHERE e.billing_credit_grant_id = g.billing_credit_grant_id)"
      " FROM my_billing_credit_grant AS g"
      " ORDER BY g.priority, ifnull(g.expires_us, 9223372036854775807), g.granted_us,"
      " g.billing_credit_grant_id");
  std::vector<CreditGrant> grants;
  while (rows.step()) {
    CreditGrant grant;
    grant.billing_credit_grant_id = rows.integer(0);
    grant.key = rows.text(1);
    grant.currency = rows.text(2);
    grant.amount_micros = rows.integer(3);
    grant.priority = rows.integer(4);
    grant.granted = rows.integer(5);
    if (!rows.is_null(6)) grant.expires = rows.integer(6);
    grant.note = rows.text(7);
    grant.remaining_micros = rows.integer(8);
    grants.push_back(std::move(grant));
  }
  return grants;
}

std::vector<CreditEntry> credit_entries(store::Store& store) {
  auto rows = store.db().prepare(
      "SELECT e.sequence, e.kind, e.billing_credit_grant_id, g.grant_key,"
      " ifnull(i.number, ''), e.debit_account, e.credit_account, e.amount_micros,"
      " e.recorded_us, e.entry_hash FROM my_billing_credit_entry AS e"
      " LEFT JOIN my_billing_credit_grant AS g USING (billing_credit_grant_id)"
      " LEFT JOIN my_billing_invoice AS i ON i.billing_invoice_id = e.billing_invoice_id"
      " ORDER BY e.sequence");
  std::vector<CreditEntry> entries;
  while (rows.step()) {
    CreditEntry entry;
    entry.sequence = rows.integer(0);
    entry.kind = static_cast<CreditKind>(rows.integer(1));
    entry.billing_credit_grant_id = rows.integer(2);
    entry.grant_key = rows.text(3);
    entry.invoice = rows.text(4);
    entry.debit_account = rows.text(5);
    entry.credit_account = rows.text(6);
    entry.amount_micros = rows.integer(7);
    entry.recorded = rows.integer(8);
    entry.hash = rows.hash(9);
    entries.push_back(std::move(entry));
  }
  return entries;
}

GrantedCredit grant_credit(store::Store& store, CreditGrant grant, bool dry_run) {
  store::WriteTransaction transaction{store};
  grant.granted = store.now();
  if (grant.key.empty()) grant.key = uuid_text(make_uuid7(grant.granted));
  std::int64_t all_micros = grant.amount_micros;
  for (CreditGrant& known : credit_grants(store)) {
    if (known.key != grant.key) {
      // What was drawn may be given back.
      all_micros = add_decimals(all_micros, known.amount_micros, "credit: with all grants");
      continue;
    }
    if (known.amount_micros != grant.amount_micros)
      throw Error{Fault::data, "credit: '" + grant.key + "' was granted with another amount, " +
                                   format_decimal(known.amount_micros, kMicroPlaces)};
    return {std::move(known), false};
  }
  check_grant(grant, grant.granted);
  const PlanBook plans{store};
  if (plans.plans().empty())
    throw Error{Fault::data, "credit: the tenant has no rate plan, and so no currency"};
  grant.currency = plans.plans().front().currency;
  grant.remaining_micros = grant.amount_micros;
  store.db()
      .prepare(
          "INSERT INTO billing_credit_grant (tenant_id, grant_key, currency, amount_micros,"
          " priority, granted_us, expires_us, note) VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0), ?)",
          store::Scope::owner)
      .run(store.tenant_id(), grant.key, grant.currency, grant.amount_micros, grant.priority,
           grant.granted, grant.expires.value_or(0), grant.note);
  grant.billing_credit_grant_id = store.db().last_insert_id();
  CreditWriter{store}.add(CreditKind::grant, grant, 0, "", grant.amount_micros, grant.granted);
  store::record_act(store, "hart-bill credit grant",
                    format_decimal(grant.amount_micros, kMicroPlaces) + " " + grant.currency +
                        ", " + grant.key);
  if (!dry_run) transaction.commit();
  return {std::move(grant), true};
}

std::int64_t draw_credit(store::Store& store, std::int64_t billing_invoice_id,
                         const std::string& number, std::int64_t amount_micros, TimeUs now) {
  std::int64_t rest = amount_micros;
  CreditWriter writer{store};
  for (const CreditGrant& grant : credit_grants(store)) {
    if (rest <= 0) break;
    if (grant.expired(now) || grant.remaining_micros <= 0) continue;
    const std::int64_t drawn = std::min(rest, grant.remaining_micros);
    writer.add(CreditKind::draw, grant, billing_invoice_id, number, drawn, now);
    rest -= drawn;
  }
  return amount_micros - rest;
}

void give_back_credit(store::Store& store, std::int64_t billing_invoice_id,
                      const std::string& number, TimeUs now) {
  const std::vector<CreditGrant> grants = credit_grants(store);
  auto drawn = store.db().prepare(
      "SELECT billing_credit_grant_id, amount_micros FROM my_billing_credit_entry"
      " WHERE billing_invoice_id = ? AND kind = 1 ORDER BY sequence");
  drawn.with(billing_invoice_id);
  std::vector<std::pair<std::int64_t, std::int64_t>> draws;
  while (drawn.step()) draws.emplace_back(drawn.integer(0), drawn.integer(1));
  CreditWriter writer{store};
  for (const auto& [id, amount] : draws) {
    const auto grant = std::ranges::find(grants, id, &CreditGrant::billing_credit_grant_id);
    if (grant == grants.end())
      throw Error{Fault::data, "credit: a draw of invoice " + number + " is on no grant"};
    writer.add(CreditKind::give_back, *grant, billing_invoice_id, number, amount, now);
  }
}

}  // namespace hart::bill
