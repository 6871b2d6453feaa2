#include <optional>
#include <string>

#include "amounts.h"
#include "bill/credit.h"
#include "commands.h"
#include "common/output.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct CreditOptions {
  std::string amount;
  std::string key;
  std::int64_t priority = 0;
  std::optional<std::string> expires;
  std::string note;
};

Json grant_json(const bill::CreditGrant& grant, TimeUs now) {
  Json json{{"type", "credit"},
            {"grant", grant.key},
            {"currency", grant.currency},
            {"amount", amount_text(grant.amount_micros)},
            {"remaining", amount_text(grant.remaining_micros)},
            {"priority", grant.priority},
            {"granted", format_time(grant.granted)}};
  if (grant.expires) json["expires"] = format_time(*grant.expires);
  json["expired"] = grant.expired(now);
  json["note"] = grant.note;
  return json;
}

int credit_grant(const CreditOptions& options, Context& context) {
  store::Store store = context.open_store_as_owner(true);
  bill::CreditGrant grant;
  grant.key = options.key;
  grant.amount_micros = parse_decimal(options.amount, kMicroPlaces, "credit");
  grant.priority = options.priority;
  if (options.expires) grant.expires = parse_time(*options.expires);
  grant.note = options.note;
  const auto granted = bill::grant_credit(store, grant, context.common.dry_run);
  Json json = grant_json(granted.grant, store.now());
  json["changed"] = granted.granted;
  context.out.write(json, (granted.granted ? "granted " : "granted before: ") +
                              amount_text(granted.grant.amount_micros) + " " +
                              granted.grant.currency + " as " + granted.grant.key);
  return 0;
}

int credit_balance(Context& context) {
  store::Store store = context.open_store();
  const TimeUs now = store.now();
  Table table{{"GRANT", "PRIORITY", "EXPIRES", "AMOUNT", "REMAINING", ""}};
  std::int64_t available = 0;
  std::string currency;
  for (const bill::CreditGrant& grant : bill::credit_grants(store)) {
    if (!grant.expired(now))
      available = add_decimals(available, grant.remaining_micros, "credit");
    currency = grant.currency;
    if (!context.out.human()) context.out.write(grant_json(grant, now));
    table.row({grant.key, std::to_string(grant.priority),
               grant.expires ? format_time(*grant.expires) : "never",
               amount_text(grant.amount_micros), amount_text(grant.remaining_micros),
               grant.expired(now) ? "expired" : ""});
  }
  if (table.empty()) return 1;
  context.out.table(table);
  context.out.write(
      {{"type", "summary"}, {"available", amount_text(available)}, {"currency", currency}},
      "available " + amount_text(available) + " " + currency);
  return 0;
}

int credit_history(Context& context) {
  store::Store store = context.open_store();
  Table table{{"", "TIME", "KIND", "GRANT", "INVOICE", "DEBIT", "CREDIT", "AMOUNT"}};
  for (const bill::CreditEntry& entry : bill::credit_entries(store)) {
    const std::string kind{bill::credit_kind_name(entry.kind)};
    table.row({std::to_string(entry.sequence), format_time(entry.recorded), kind,
               entry.grant_key, entry.invoice, entry.debit_account, entry.credit_account,
               amount_text(entry.amount_micros)});
    if (context.out.human()) continue;
    Json json{{"type", "credit_entry"},
              {"sequence", entry.sequence},
              {"time", format_time(entry.recorded)},
              {"kind", kind},
              {"grant", entry.grant_key}};
    if (!entry.invoice.empty()) json["invoice"] = entry.invoice;
    json["debit"] = entry.debit_account;
    json["credit"] = entry.credit_account;
    json["amount"] = amount_text(entry.amount_micros);
    context.out.write(json);
  }
  if (table.empty()) return 1;
  context.out.table(table);
  return 0;
}

}  // namespace

void add_credit_command(Command& tool) {
  Command& command = tool.subcommand("credit", "Prepaid money, drawn before an invoice is due");
  Command& grant = command.subcommand("grant", "Grant a credit");
  auto& options = grant.options<CreditOptions>();
  grant.positional("AMOUNT", options.amount, "a decimal, in the currency of the tenant's plan");
  grant.option("--idempotency-key", "KEY", options.key, "names the grant: granted once");
  grant.option("--priority", "N", options.priority, "lower ones are drawn first")
      .range(0, 1'000'000);
  grant.option("--expires", "TIME", options.expires, "not drawn from then on");
  grant.option("--note", "TEXT", options.note, "what for");
  grant.dry_run();
  grant.action([&options](Context& context) { return credit_grant(options, context); });

  Command& balance = command.subcommand("balance", "Every grant, and what is left");
  balance.action([](Context& context) { return credit_balance(context); });
  Command& history = command.subcommand("history", "Every grant, draw and return");
  history.action([](Context& context) { return credit_history(context); });
}

}  // namespace hart::cli
