#include <string>
#include <vector>

#include "amounts.h"
#include "bill/invoice.h"
#include "commands.h"
#include "common/output.h"
#include "invoice_forms.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct InvoiceOptions {
  std::string month;
  std::string number;
  std::string as;
  std::string reason;
};

/// Writes an invoice in the form asked for, past the form that the output has by itself.
void write_invoice(const bill::Invoice& invoice, const std::string& tenant,
                   const InvoiceOptions& options, Context& context) {
  const std::string form =
      options.as.empty() ? (context.out.human() ? "human" : "json") : options.as;
  const std::string text = form == "html"    ? invoice_html(invoice, tenant)
                           : form == "human" ? printable(invoice_text(invoice, tenant))
                                             : dump_json(invoice_json(invoice, tenant));
  context.out.raw(as_bytes(text + "\n"));
}

int invoice_create(const InvoiceOptions& options, Context& context) {
  store::Store store = context.open_store_as_owner(true);
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
  std::vector<bill::Invoice> invoices;
  if (!options.number.empty()) invoices = bill::find_invoices(store, options.number);
  if (invoices.empty()) throw Error{Fault::no_input, "no invoice '" + options.number + "'"};
  for (const bill::Invoice& invoice : invoices) {
    // What was issued stays as it was, to the byte: that it is void is told beside it.
    write_invoice(invoice, store.tenant_name(), options, context);
    if (invoice.void_reason)
      context.diagnostic("invoice " + invoice.number + " is void since " +
                         format_time(invoice.voided) + ": " + printable(*invoice.void_reason));
  }
  return 0;
}

void put_voiding(const bill::Invoice& invoice, Json& json) {
  if (!invoice.void_reason) return;
  json["reason"] = *invoice.void_reason;
  json["voided"] = format_time(invoice.voided);
}

int invoice_void(const InvoiceOptions& options, Context& context) {
  store::Store store = context.open_store_as_owner(true);
  const bool changed =
      bill::void_invoice(store, options.number, options.reason, context.common.dry_run);
  const std::string done = context.common.dry_run ? "would make " : "made ";
  Json json{{"type", "invoice_void"}, {"number", options.number}, {"changed", changed}};
  put_voiding(bill::find_invoices(store, options.number).front(), json);
  context.out.write(json, changed ? done + "invoice " + options.number + " void"
                                  : "invoice " + options.number + " is void already");
  return 0;
}

int invoice_list(Context& context) {
  store::Store store = context.open_store();
  Table table{{"NUMBER", "CREATED", "LINES", "TOTAL", "DUE", "", ""}};
  for (const bill::Invoice& invoice : bill::find_invoices(store)) {
    const std::string total = money_text(invoice.total_micros, invoice.decimal_places);
    const std::string due =
        money_text(invoice.total_micros - invoice.credit_micros, invoice.decimal_places);
    table.row({invoice.number, format_time(invoice.created),
               std::to_string(invoice.lines.size()), total, due, invoice.currency,
               invoice.void_reason ? "void" : ""});
    if (context.out.human()) continue;
    Json json{{"type", "invoice_summary"},
              {"number", invoice.number},
              {"created", format_time(invoice.created)},
              {"lines", invoice.lines.size()},
              {"total", total},
              {"due", due},
              {"currency", invoice.currency},
              {"void", invoice.void_reason.has_value()}};
    put_voiding(invoice, json);
    context.out.write(json);
  }
  if (table.empty()) return 1;
  context.out.table(table);
  return 0;
}

void add_form(Command& command, InvoiceOptions& options) {
  command.option("--as", "FORM", options.as, "human, json or html, whatever reads it")
      .choices({"human", "json", "html"});
}

}  // namespace

void add_invoice_command(Command& tool) {
  Command& command = tool.subcommand("invoice", "What a month cost, line by line");
  Command& create = command.subcommand("create", "Invoice what a month has left to invoice");
  auto& made = create.options<InvoiceOptions>();
  create.option("--month", "YYYY-MM", made.month, "the month (UTC)").required();
  add_form(create, made);
  create.dry_run();
  create.action([&made](Context& context) { return invoice_create(made, context); });

  Command& show = command.subcommand("show", "Print invoices again");
  auto& shown = show.options<InvoiceOptions>();
  show.positional("NUMBER", shown.number, "an invoice's number, or a month for all of its");
  add_form(show, shown);
  show.action([&shown](Context& context) { return invoice_show(shown, context); });

  Command& undo =
      command.subcommand("void", "Make an invoice void, so that it can be re-issued");
  auto& voided = undo.options<InvoiceOptions>();
  undo.positional("NUMBER", voided.number, "the invoice's number");
  undo.option("--reason", "TEXT", voided.reason, "why, as it is told with it").required();
  undo.dry_run();
  undo.action([&voided](Context& context) { return invoice_void(voided, context); });

  Command& list = command.subcommand("list", "List the tenant's invoices");
  list.action([](Context& context) { return invoice_list(context); });
}

}  // namespace hart::cli
