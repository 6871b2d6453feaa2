#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bill/rating.h"
#include "store/store.h"

namespace hart::bill {

/// What many rows of the acting tenant's ledger share: sources, models and prices, each stored
/// once. Reads and adds them; what it knows holds as long as the WriteTransaction it lives in.
class LedgerNames {
 public:
  explicit LedgerNames(store::Store& store);

  [[nodiscard]] std::int64_t source(std::string_view name) { return id(sources_, name); }
  [[nodiscard]] std::int64_t model(std::string_view name) { return id(models_, name); }

  struct StoredPrice {
    std::int64_t billing_price_id = 0;
    Price price;
  };
  /// The stored price that equals `price`; the reference lives as long as this.
  [[nodiscard]] const StoredPrice& price(const Price& price);
  /// Throws Error(data) when there is none of that id.
  [[nodiscard]] const StoredPrice& price(std::int64_t billing_price_id);

 private:
  /// One of the two tables of names.
  struct Names {
    const char* find_sql;
    const char* insert_sql;
    std::map<std::string, std::int64_t, std::less<>> ids{};
  };
  std::int64_t id(Names& names, std::string_view name);
  void write_key(const Price& price);
  void load(std::string_view operation, std::string_view unit);
  void insert(const Price& price);
  const StoredPrice& keep(StoredPrice stored);

  store::Store& store_;
  Names sources_;
  Names models_;
  std::unordered_map<std::string, StoredPrice> prices_;  ///< by every field
  std::unordered_map<std::int64_t, const StoredPrice*> prices_by_id_;
  std::string key_;
};

/// Every price of the acting tenant's by its id.
[[nodiscard]] std::unordered_map<std::int64_t, Price> load_prices(store::Store& store);

/// The account that an event of an operation is revenue of.
[[nodiscard]] std::string revenue_account(std::string_view operation);
/// The account of what the tenant owes.
inline constexpr const char* kReceivableAccount = "receivable";

}  // namespace hart::bill
