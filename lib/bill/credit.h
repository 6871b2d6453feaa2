#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "store/store.h"

namespace hart::bill {

/// Prepaid money of a tenant's.
struct CreditGrant {
  std::int64_t billing_credit_grant_id = 0;
  std::string key;  ///< names the grant: granting it again adds nothing
  std::string currency;
  std::int64_t amount_micros = 0;
  std::int64_t priority = 0;  ///< lower ones are drawn first
  TimeUs granted = 0;
  std::optional<TimeUs> expires;  ///< not drawn from this instant on
  std::string note;
  std::int64_t remaining_micros = 0;

  [[nodiscard]] bool expired(TimeUs now) const noexcept { return expires && *expires <= now; }
};

struct GrantedCredit {
  CreditGrant grant;
  bool granted = false;  ///< false: it stood there already
};
/// Grants `amount_micros` in the currency that the tenant is billed in. An empty key gets a new
/// one. Opens a WriteTransaction; with `dry_run` nothing is kept. Throws Error(data) when the
/// amount is not above 0, the tenant has no plan and so no currency, it expires in the past, or
/// the key names a grant of another amount.
[[nodiscard]] GrantedCredit grant_credit(store::Store& store, CreditGrant grant, bool dry_run);

/// The acting tenant's grants, in the order in which they are drawn: by priority, by the
/// instant at which they expire, by age.
[[nodiscard]] std::vector<CreditGrant> credit_grants(store::Store& store);

enum class CreditKind : int { grant = 0, draw = 1, give_back = 2 };
[[nodiscard]] std::string_view credit_kind_name(CreditKind kind) noexcept;

/// One line of the credits' ledger.
struct CreditEntry {
  std::int64_t sequence = 0;  ///< counted from 0 a tenant, without gaps
  CreditKind kind = CreditKind::grant;
  std::int64_t billing_credit_grant_id = 0;
  std::string grant_key;
  std::string invoice;  ///< number; empty for a grant
  std::string debit_account;
  std::string credit_account;
  std::int64_t amount_micros = 0;
  TimeUs recorded = 0;
  Hash256 hash{};
};
[[nodiscard]] std::vector<CreditEntry> credit_entries(store::Store& store);

/// The hash of an entry over all of it, the grant, and the hash of the entry before. The
/// encoding stands in hart-receipt(5).
[[nodiscard]] Hash256 credit_entry_hash(const CreditEntry& entry, const CreditGrant& grant,
                                        const Hash256& previous);

/// Draws up to `amount_micros` for an invoice, as of `now`; answers how much. Inside a
/// WriteTransaction.
[[nodiscard]] std::int64_t draw_credit(store::Store& store, std::int64_t billing_invoice_id,
                                       const std::string& number, std::int64_t amount_micros,
                                       TimeUs now);
/// Gives back what an invoice drew. Inside a WriteTransaction.
void give_back_credit(store::Store& store, std::int64_t billing_invoice_id,
                      const std::string& number, TimeUs now);

}  // namespace hart::bill
