#include "bill/verify.h"

#include <algorithm>
#include <unordered_map>

#include "bill/credit.h"
#include "bill/invoice.h"
#include "bill/ledger.h"
#include "core/decimal.h"
#include "core/error.h"

namespace hart::bill {
namespace {

using PriceSums = std::unordered_map<std::int64_t, PriceSum>;

/// What the entries before an invoice's place in the ledger add up to, for each invoice.
class InvoiceSums {
 public:
  explicit InvoiceSums(const std::vector<Invoice>& invoices) : invoices_{invoices} {
    for (std::size_t i = 0; i < invoices.size(); ++i) by_place_.push_back(i);
    std::ranges::stable_sort(by_place_, {},
                             [&](std::size_t i) { return invoices[i].through_sequence; });
    sums_.resize(invoices.size());
  }

  /// Called for each entry in order.
  void add(const LedgerEntry& entry) {
    close_before(entry.sequence);
    PriceSum& sum = months_[month_of(entry.usage.time)][entry.billing_price_id];
    sum.price = entry.price;
    ++sum.events;
    sum.units_micros = add_decimals(sum.units_micros, entry.usage.units_micros, "ledger");
    sum.total_micros = add_decimals(sum.total_micros, entry.total_micros, "ledger");
  }
  void finish() { close_before(INT64_MAX); }

  [[nodiscard]] const std::vector<PriceSum>& of(std::size_t invoice) const {
    return sums_[invoice];
  }

 private:
  void close_before(std::int64_t sequence) {
    for (; next_ < by_place_.size(); ++next_) {
      const Invoice& invoice = invoices_[by_place_[next_]];
      if (invoice.through_sequence > sequence) return;
      std::vector<PriceSum>& sums = sums_[by_place_[next_]];
      for (const auto& [id, sum] : months_[month_of(invoice.period.start)]) sums.push_back(sum);
      sort_sums(sums);
    }
  }

  const std::vector<Invoice>& invoices_;
  std::vector<std::size_t> by_place_;
  std::size_t next_ = 0;
  std::unordered_map<std::string, PriceSums> months_;
  std::vector<std::vector<PriceSum>> sums_;
};

class LedgerExamination {
 public:
  explicit LedgerExamination(store::Store& store) : store_{store}, plans_{store} {}

  LedgerVerification run() {
    guarded([&] { check_plans(); });
    guarded([&] { check_prices(); });
    guarded([&] { check_books(); });
    guarded([&] { check_credits(); });
    return std::move(result_);
  }

  /// Damaged data is a finding; whatever else goes wrong is not.
  template <typename Examine> void guarded(const Examine& examine) {
    try {
      examine();
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
      result_.problems.emplace_back(error.what());
    }
  }

 private:
  void check(bool holds, const std::string& problem) {
    if (!holds) result_.problems.push_back(problem);
  }

  void check_plans() {
    auto row = store_.db().prepare(
        "SELECT content_hash, name, currency FROM my_billing_rate_plan"
        " WHERE billing_rate_plan_id = ?");
    for (const RatePlan& plan : plans_.plans()) {
      const bool equal = row.with(plan.billing_rate_plan_id).step() &&
                         row.hash(0) == plan_content_hash(plan) && row.text(1) == plan.name &&
                         row.text(2) == plan.currency;
      check(equal, "plan " + std::to_string(plan.version) + " does not have its content hash");
      row.reset();
    }
  }

  void check_prices() {
    auto rows = store_.db().prepare(
        "SELECT billing_price_id, operation, debit_account, credit_account"
        " FROM my_billing_price");
    while (rows.step())
      check(rows.text(2) == kReceivableAccount && rows.text(3) == revenue_account(rows.text(1)),
            "price " + std::to_string(rows.integer(0)) + ": is booked on other accounts");
  }

  void check_books() {
    const std::vector<Invoice> invoices = find_invoices(store_);
    InvoiceSums sums{invoices};
    Rollups hours;
    std::unordered_map<std::string, std::int64_t> models;
    auto names = store_.db().prepare("SELECT name, billing_model_id FROM my_billing_model");
    while (names.step()) models.emplace(names.text(0), names.integer(1));
    for_each_ledger_entry(store_, 0, [&](const LedgerEntry& entry) {
      check_entry(entry);
      sums.add(entry);
      const auto model = entry.usage.attributes.find("model");
      const bool named = model != entry.usage.attributes.end() && model->is_string();
      const auto id = models.find(named ? model->get<std::string>() : "");
      add_event(hours[{hour_of(entry.usage.time), entry.billing_price_id,
                       id == models.end() ? 0 : id->second}],
                entry.sequence, entry.usage.units_micros, entry.total_micros);
      return true;
    });
    sums.finish();
    check_hours(hours);
    result_.invoices = static_cast<std::int64_t>(invoices.size());
    for (std::size_t i = 0; i < invoices.size(); ++i)
      guarded([&] { check_invoice(invoices, i, sums.of(i)); });
    check_orphans();
  }

  void check_entry(const LedgerEntry& entry) {
    const std::string name = "entry " + std::to_string(entry.sequence);
    check(entry.sequence == result_.entries,
          name + ": entry " + std::to_string(result_.entries) + " is missing before it");
    UsageEvent event = usage_event(entry.usage);
    event.attributes_json = entry.attributes;
    check(entry.hash == ledger_entry_hash(entry.sequence, event, entry.usage.time, entry.price,
                                          entry.total_micros, entry.recorded, result_.head),
          name + ": does not have its hash");
    const std::int64_t id = entry.price.billing_rate_plan_id;
    const RatePlan* plan = plans_.find(id);
    check(id == 0 || plan != nullptr, name + ": its rate plan does not exist");
    Price price;
    price_of(plan, event, price);
    check(price == entry.price &&
              rated_total(price, entry.usage.units_micros) == entry.total_micros,
          name + ": its price is not what its plan says");
    result_.entries = entry.sequence + 1;
    result_.head = entry.hash;
    result_.total_micros = add_decimals(result_.total_micros, entry.total_micros, "ledger");
  }

  void check_hours(Rollups& hours) {
    for_each_rollup(store_, INT64_MIN, INT64_MAX,
                    [&](const RollupKey& key, const RollupSums& sums) {
                      const auto found = hours.find(key);
                      check(found != hours.end() && found->second == sums,
                            "the totals of the hour " + format_time(key.hour) +
                                " are not those of its entries");
                      if (found != hours.end()) hours.erase(found);
                    });
    check(hours.empty(), "there are entries that the totals of the hours leave out");
  }

  /// Discounts and taxes that were invoiced before lines had their percentage do not say it.
  static void forget_unsaid_percentages(const std::vector<InvoiceLine>& stored,
                                        std::vector<InvoiceLine>& lines) {
    for (std::size_t i = 0; i < std::min(stored.size(), lines.size()); ++i)
      if ((stored[i].kind == LineKind::discount || stored[i].kind == LineKind::tax) &&
          stored[i].base_rate_micros == 0)
        lines[i].base_rate_micros = 0;
  }

  /// The state that an invoice was made from: entries before its place, plans that had been
  /// applied, invoices that stood and were not void.
  void check_invoice(const std::vector<Invoice>& invoices, std::size_t index,
                     const std::vector<PriceSum>& sums) {
    const Invoice& invoice = invoices[index];
    const std::string name = "invoice " + invoice.number;
    std::int64_t total = 0;
    for (const InvoiceLine& line : invoice.lines)
      total = add_decimals(total, line.amount_micros, "invoice");
    check(total == invoice.total_micros, name + ": its total is not the sum of its lines");
    check(month_period(invoice.number.substr(0, 7)) == invoice.period,
          name + ": its period is not its month");
    TakenLines taken;
    for (const Invoice& one : invoices)
      if (one.period == invoice.period && one.created < invoice.created &&
          (!one.void_reason || one.voided > invoice.created))
        take_lines(taken, one);
    const PlanBook plans{store_, invoice.created};
    std::vector<InvoiceLine> lines =
        period_lines(plans, invoice.period, sums, taken, invoice.decimal_places);
    std::vector<InvoiceLine> stored = invoice.lines;
    std::ranges::sort(lines, {}, line_key);
    std::ranges::sort(stored, {}, line_key);
    forget_unsaid_percentages(stored, lines);
    check(lines == stored, name + ": its lines are not what its entries and plans say");
  }

  void check_orphans() {
    auto alone = store_.db().prepare(
        "SELECT count(*) FROM my_billing_invoice_line WHERE billing_invoice_id NOT IN"
        " (SELECT billing_invoice_id FROM my_billing_invoice)");
    check(alone.step() && alone.integer(0) == 0,
          "there are lines of an invoice that is missing");
  }

  void check_credits() {
    const std::vector<CreditGrant> grants = credit_grants(store_);
    Hash256 head{};
    for (const CreditEntry& entry : credit_entries(store_)) {
      const std::string name = "credit entry " + std::to_string(entry.sequence);
      check(entry.sequence == result_.credits++, name + ": one is missing before it");
      const auto grant = std::ranges::find(grants, entry.billing_credit_grant_id,
                                           &CreditGrant::billing_credit_grant_id);
      check(grant != grants.end() && entry.hash == credit_entry_hash(entry, *grant, head),
            name + ": does not have its hash");
      head = entry.hash;
    }
    for (const CreditGrant& grant : grants)
      check(grant.remaining_micros >= 0 && grant.remaining_micros <= grant.amount_micros,
            "credit '" + grant.key + "': more was drawn than it had");
    for (const Invoice& invoice : find_invoices(store_))
      check(invoice.credit_micros <= std::max<std::int64_t>(0, invoice.total_micros),
            "invoice " + invoice.number + ": more credit was drawn than its total");
  }

  store::Store& store_;
  PlanBook plans_;
  LedgerVerification result_;
};

}  // namespace

LedgerVerification verify_ledger(store::Store& store) {
  try {
    return LedgerExamination{store}.run();
  } catch (const Error& error) {
    // A plan that cannot be read leaves nothing to examine by.
    if (error.fault() != Fault::data) throw;
    LedgerVerification result;
    result.problems.emplace_back(error.what());
    return result;
  }
}

}  // namespace hart::bill
