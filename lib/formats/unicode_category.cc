#include "formats/unicode_category.h"

#include <algorithm>

#include "formats/unicode_category_table.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

/// What stands for `value` in a table that ascends, or null.
template <class Row>
const Row* find_letter(std::span<const Row> rows, char32_t value) noexcept {
  const auto found = std::lower_bound(rows.begin(), rows.end(), value,
                                      [](const Row& row, char32_t v) { return row.from < v; });
  return found != rows.end() && found->from == value ? &*found : nullptr;
}

void append_form(std::string& out, const CaseForm* form, char32_t value) {
  if (form == nullptr) {
    append_utf8(out, value);
    return;
  }
  for (const char32_t letter : form->to)
    if (letter != 0) append_utf8(out, letter);
}

}  // namespace

GeneralCategory general_category(char32_t value) noexcept {
  if (value > 0x10FFFF) return GeneralCategory::Cn;
  const auto runs = category_runs();
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), value,
                       [](char32_t v, const CategoryRun& run) { return v < run.first; });
  return std::prev(after)->category;
}

char32_t to_lower(char32_t value) noexcept {
  if (value < 128) return value >= 'A' && value <= 'Z' ? value + ('a' - 'A') : value;
  const CaseMapping* found = find_letter(lower_mappings(), value);
  return found == nullptr ? value : found->to;
}

void append_upper(std::string& out, char32_t value) {
  append_form(out, find_letter(upper_forms(), value), value);
}

void append_title(std::string& out, char32_t value) {
  if (const CaseForm* found = find_letter(title_forms(), value)) {
    append_form(out, found, value);
  } else {
    append_upper(out, value);
  }
}

}  // namespace hart::formats
