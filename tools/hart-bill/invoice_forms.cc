#include "invoice_forms.h"

#include <algorithm>

#include "amounts.h"
#include "common/output.h"

namespace hart::cli {
namespace {

using bill::LineKind;

/// What a line is for, and how its amount came about, in words.
struct LineText {
  std::string what;
  std::string detail;
};

std::string used_text(const bill::InvoiceLine& line) {
  return line.operation + (line.unit.empty() ? "" : " (" + line.unit + ")");
}

std::string factors_text(const bill::InvoiceLine& line) {
  std::string text = units_text(line.units_micros) + " × " + units_text(line.base_rate_micros);
  for (const std::int64_t multiplier : line.multipliers_e4)
    if (multiplier != 10'000)
      text += " × " + format_decimal_short(multiplier, kMultiplierPlaces);
  return text;
}

std::string terms_text(const bill::InvoiceLine& line) {
  if (line.base_rate_micros == 0) return line.description;
  return line.description + ", " + units_text(line.base_rate_micros) + " %";
}

LineText line_text(const bill::InvoiceLine& line) {
  const std::string of = line.operation.empty() ? "" : " of " + used_text(line);
  switch (line.kind) {
    case LineKind::usage:
      return {used_text(line), factors_text(line)};
    case LineKind::tiers:
      return {used_text(line), line.description};
    case LineKind::minimum:
      return {"up to the minimum" + of, ""};
    case LineKind::maximum:
      return {"down to the maximum" + of, ""};
    case LineKind::discount:
      return {"discount" + of, terms_text(line)};
    case LineKind::tax:
      return {"tax", terms_text(line)};
  }
  return {};
}

Json line_json(const bill::InvoiceLine& line, std::size_t number, int places) {
  Json json{{"line", number}, {"kind", bill::line_kind_name(line.kind)}};
  if (!line.operation.empty()) json["operation"] = line.operation;
  if (!line.unit.empty()) json["unit"] = line.unit;
  if (line.kind == LineKind::usage || line.kind == LineKind::tiers) {
    json["events"] = line.events;
    json["units"] = units_text(line.units_micros);
  }
  if (line.kind == LineKind::usage) {
    json["base_rate"] = amount_text(line.base_rate_micros);
    put_multipliers(json, line.multipliers_e4);
    json["exact"] = amount_text(line.exact_micros);
  }
  if (!line.description.empty()) json["description"] = line.description;
  if ((line.kind == LineKind::discount || line.kind == LineKind::tax) &&
      line.base_rate_micros != 0)
    json["percent"] = units_text(line.base_rate_micros);
  json["amount"] = money_text(line.amount_micros, places);
  return json;
}

std::int64_t due_micros(const bill::Invoice& invoice) {
  return invoice.total_micros - invoice.credit_micros;
}

std::int64_t tax_micros(const bill::Invoice& invoice) {
  std::int64_t sum = 0;
  for (const bill::InvoiceLine& line : invoice.lines)
    if (line.kind == LineKind::tax) sum += line.amount_micros;
  return sum;
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

constexpr const char* kStyle = R"(
  body { font: 11pt/1.45 "Liberation Sans", Arial, sans-serif; color: #222;
         max-width: 48rem; margin: 2.5rem auto; padding: 0 1.5rem; }
  h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 1.25rem; }
  dl { display: grid; grid-template-columns: max-content auto; gap: .15rem 1.25rem;
       margin: 0 0 2rem; }
  dt { color: #666; } dd { margin: 0; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th { text-align: left; font-weight: 600; border-bottom: 1.5pt solid #222; }
  th, td { padding: .35rem .75rem .35rem 0; vertical-align: baseline; }
  td { border-bottom: .5pt solid #ccc; }
  .number { text-align: right; padding-right: 0; white-space: nowrap; }
  .place { color: #666; width: 2rem; }
  .detail { color: #666; font-size: .85em; overflow-wrap: anywhere; }
  tfoot td { border: 0; text-align: right; padding-right: 0; }
  tfoot tr:first-child td { padding-top: .75rem; }
  .due td { font-weight: 600; border-top: 1.5pt solid #222; }
  thead { display: table-header-group; } tr { break-inside: avoid; }
  @page { size: A4; margin: 20mm; }
  @media print { body { margin: 0; max-width: none; padding: 0; } }
)";

std::string foot_row(const std::string& name, const std::string& amount, bool due) {
  return std::string{due ? "<tr class=\"due\">" : "<tr>"} + "<td colspan=\"3\">" + name +
         "</td><td class=\"number\">" + amount + "</td></tr>\n";
}

std::string table_html(const bill::Invoice& invoice) {
  std::string html =
      "<table>\n<thead><tr><th></th><th>For</th><th>How</th><th class=\"number\">" +
      escaped(invoice.currency) + "</th></tr></thead>\n<tbody>\n";
  std::size_t number = 0;
  for (const bill::InvoiceLine& line : invoice.lines) {
    const LineText text = line_text(line);
    html += "<tr><td class=\"place\">" + std::to_string(++number) + "</td><td>" +
            escaped(text.what) + "</td><td class=\"detail\">" + escaped(text.detail) +
            "</td><td class=\"number\">" +
            money_text(line.amount_micros, invoice.decimal_places) + "</td></tr>\n";
  }
  html += "</tbody>\n<tfoot>\n";
  const auto money = [&](std::int64_t micros) {
    return money_text(micros, invoice.decimal_places);
  };
  if (const std::int64_t taxes = tax_micros(invoice); taxes != 0)
    html += foot_row("Before tax", money(invoice.total_micros - taxes), false) +
            foot_row("Tax", money(taxes), false);
  html += foot_row("Total", money(invoice.total_micros), invoice.credit_micros == 0);
  if (invoice.credit_micros != 0)
    html += foot_row("Paid by credits", money(-invoice.credit_micros), false) +
            foot_row("Due", money(due_micros(invoice)), true);
  return html + "</tfoot>\n</table>\n";
}

}  // namespace

Json invoice_json(const bill::Invoice& invoice, const std::string& tenant) {
  Json json{{"type", invoice.number.empty() ? "estimate" : "invoice"}};
  if (!invoice.number.empty()) {
    json["number"] = invoice.number;
    json["tenant"] = tenant;
  }
  json["period_start"] = format_time(invoice.period.start);
  json["period_end"] = format_time(invoice.period.end);
  json["currency"] = invoice.currency;
  json["total"] = money_text(invoice.total_micros, invoice.decimal_places);
  if (!invoice.number.empty()) {
    json["credits"] = money_text(invoice.credit_micros, invoice.decimal_places);
    json["due"] = money_text(due_micros(invoice), invoice.decimal_places);
  }
  json["lines"] = Json::array();
  for (const bill::InvoiceLine& line : invoice.lines)
    json["lines"].push_back(line_json(line, json["lines"].size() + 1, invoice.decimal_places));
  return json;
}

std::string invoice_text(const bill::Invoice& invoice, const std::string& tenant) {
  Table table{{"", "FOR", "HOW", "AMOUNT"}};
  std::size_t number = 0;
  for (const bill::InvoiceLine& line : invoice.lines) {
    const LineText text = line_text(line);
    table.row({std::to_string(++number), text.what, text.detail,
               money_text(line.amount_micros, invoice.decimal_places)});
  }
  const auto money = [&](std::int64_t micros) {
    return money_text(micros, invoice.decimal_places) + " " + invoice.currency;
  };
  std::string head = "estimate";
  if (!invoice.number.empty()) head = "invoice " + invoice.number + " for " + tenant;
  std::string text = head + "\nfrom " + format_time(invoice.period.start) + " until " +
                     format_time(invoice.period.end) + "\n\n" + table.format() + "\ntotal " +
                     money(invoice.total_micros);
  if (invoice.credit_micros != 0)
    text +=
        "\ncredits " + money(-invoice.credit_micros) + "\ndue " + money(due_micros(invoice));
  return text;
}

std::string invoice_html(const bill::Invoice& invoice, const std::string& tenant) {
  const std::string title = "Invoice " + escaped(invoice.number);
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + title +
      "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<h1>" + title + "</h1>\n";
  // The period ends with the day before the first instant that is not part of it.
  html += "<dl>\n<dt>For</dt><dd>" + escaped(tenant) + "</dd>\n<dt>Period</dt><dd>" +
          format_time(invoice.period.start).substr(0, 10) + " to " +
          format_time(invoice.period.end - 1).substr(0, 10) +
          " (UTC)</dd>\n<dt>Issued</dt><dd>" + format_time(invoice.created).substr(0, 10) +
          "</dd>\n</dl>\n";
  return html + table_html(invoice) + "</body>\n</html>";
}

}  // namespace hart::cli
