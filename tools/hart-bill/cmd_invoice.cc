#include <string>

#include "amounts.h"
#include "bill/invoice.h"
#include "commands.h"
#include "common/output.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct InvoiceOptions {
  std::string month;
  std::string number;
  std::string as;
};

/// `--as` is the form whatever standard output is; without it the common rule holds.
bool for_people(const InvoiceOptions& options, const Context& context) {
  return options.as.empty() ? context.out.human() : options.as == "human";
}

Json invoice_json(const bill::Invoice& invoice, const std::string& tenant) {
  Json json{{"type", "invoice"},
            {"number", invoice.number},
            {"tenant", tenant},
            {"period_start", format_time(invoice.period.start)},
            {"period_end", format_time(invoice.period.end)},
            {"currency", invoice.currency},
            {"total", amount_text(invoice.total_micros)},
            {"lines", Json::array()}};
  for (const bill::InvoiceLine& line : invoice.lines) {
    Json one{{"operation", line.operation},
             {"unit", line.unit},
             {"events", line.events},
             {"units", units_text(line.units_micros)},
             {"base_rate", amount_text(line.base_rate_micros)}};
    put_multipliers(one, line.multipliers_e4);
    one["amount"] = amount_text(line.amount_micros);
    json["lines"].push_back(std::move(one));
  }
  return json;
}

std::string invoice_text(const bill::Invoice& invoice, const std::string& tenant) {
  Table table{{"OPERATION", "EVENTS", "UNITS", "UNIT", "RATE", "COMPLEXITY", "CONTENT",
               "GROUNDING", "AMOUNT"}};
  for (const bill::InvoiceLine& line : invoice.lines)
    table.row({line.operation, std::to_string(line.events), units_text(line.units_micros),
               line.unit, amount_text(line.base_rate_micros),
               multiplier_text(line.multipliers_e4[0]), multiplier_text(line.multipliers_e4[1]),
               multiplier_text(line.multipliers_e4[2]), amount_text(line.amount_micros)});
  return "invoice " + invoice.number + " for " + tenant + "\nfrom " +
         format_time(invoice.period.start) + " until " + format_time(invoice.period.end) +
         "\n\n" + table.format() + "\ntotal " + amount_text(invoice.total_micros) + " " +
         invoice.currency;
}

/// Writes an invoice in the form asked for, past the form that the output has by itself.
void write_invoice(const bill::Invoice& invoice, const std::string& tenant,
                   const InvoiceOptions& options, Context& context) {
  const std::string form = for_people(options, context)
                               ? printable(invoice_text(invoice, tenant))
                               : dump_json(invoice_json(invoice, tenant));
  context.out.raw(as_bytes(form + "\n"));
}

int invoice_create(const InvoiceOptions& options, Context& context) {
  store::Store store = context.open_store(true);
  const auto created = bill::create_invoice(store, options.month, context.common.dry_run);
  if (!created) {
    context.notice("tenant '" + store.tenant_name() + "' used nothing in " + options.month);
    return 1;
  }
  write_invoice(created->invoice, store.tenant_name(), options, context);
  if (!created->created) context.detail("the invoice existed already");
  return 0;
}

int invoice_show(const InvoiceOptions& options, Context& context) {
  store::Store store = context.open_store();
  const auto invoices = bill::find_invoices(store, options.number);
  if (invoices.empty()) throw Error{Fault::no_input, "no invoice '" + options.number + "'"};
  for (const bill::Invoice& invoice : invoices)
    write_invoice(invoice, store.tenant_name(), options, context);
  return 0;
}

int invoice_list(Context& context) {
  store::Store store = context.open_store();
  Table table{{"NUMBER", "CREATED", "LINES", "TOTAL", ""}};
  for (const bill::Invoice& invoice : bill::find_invoices(store)) {
    table.row({invoice.number, format_time(invoice.created),
               std::to_string(invoice.lines.size()), amount_text(invoice.total_micros),
               invoice.currency});
    if (!context.out.human())
      context.out.write({{"type", "invoice_summary"},
                         {"number", invoice.number},
                         {"created", format_time(invoice.created)},
                         {"lines", invoice.lines.size()},
                         {"total", amount_text(invoice.total_micros)},
                         {"currency", invoice.currency}});
  }
  if (table.empty()) return 1;
  context.out.table(table);
  return 0;
}

}  // namespace

void add_invoice_command(Command& tool) {
  Command& command = tool.subcommand("invoice", "What a month cost, line by line");
  Command& create = command.subcommand("create", "Invoice what a month has left to invoice");
  auto& made = create.options<InvoiceOptions>();
  create.option("--month", "YYYY-MM", made.month, "the month (UTC)").required();
  create.option("--as", "FORM", made.as, "human or json, whatever reads it")
      .choices({"human", "json"});
  create.dry_run();
  create.action([&made](Context& context) { return invoice_create(made, context); });

  Command& show = command.subcommand("show", "Print invoices again");
  auto& shown = show.options<InvoiceOptions>();
  show.positional("NUMBER", shown.number, "an invoice's number, or a month for all of its");
  show.option("--as", "FORM", shown.as, "human or json, whatever reads it")
      .choices({"human", "json"});
  show.action([&shown](Context& context) { return invoice_show(shown, context); });

  Command& list = command.subcommand("list", "List the tenant's invoices");
  list.action([](Context& context) { return invoice_list(context); });
}

}  // namespace hart::cli
