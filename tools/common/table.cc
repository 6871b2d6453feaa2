#include <algorithm>
#include <cassert>

#include "common/output.h"

namespace hart::cli {
namespace {

/// Columns that UTF-8 text takes, one a code point: exact for the scripts that tables hold.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool looks_numeric(std::string_view text) {
  const auto belongs = [](char c) {
    return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == '%' || c == ',' ||
           c == 'e';
  };
  return std::all_of(text.begin(), text.end(), belongs) &&
         (text.empty() || text.find_first_of("0123456789") != text.npos);
}

/// A cell is one line: a newline or tab inside it would break the row.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\t', ' ');
  return text;
}

}  // namespace

void Table::row(std::vector<std::string> cells) {
  assert(cells.size() == headings_.size());
  for (std::string& cell : cells) cell = one_line(printable(cell));
  rows_.push_back(std::move(cells));
}

std::string Table::format() const {
  const std::size_t columns = headings_.size();
  std::vector<std::size_t> widths(columns);
  std::vector<bool> numeric(columns, true);
  for (std::size_t c = 0; c < columns; ++c) {
    widths[c] = width_of(headings_[c]);
    for (const auto& row : rows_) {
      widths[c] = std::max(widths[c], width_of(row[c]));
      numeric[c] = numeric[c] && looks_numeric(row[c]);
    }
  }
  std::string out;
  const auto append_row = [&](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < columns; ++c) {
      const std::string padding(widths[c] - width_of(cells[c]), ' ');
      out += c == 0 ? "" : "  ";
      // The last column is not padded: lines have no blanks at their end.
      out += numeric[c] ? padding + cells[c] : c + 1 < columns ? cells[c] + padding : cells[c];
    }
    out += '\n';
  };
  append_row(headings_);
  for (const auto& row : rows_) append_row(row);
  return out;
}

}  // namespace hart::cli
