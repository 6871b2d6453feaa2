#include "formats/unicode_category.h"

#include <algorithm>

#include "formats/unicode_category_table.h"

namespace hart::formats {

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
  const auto mappings = lower_mappings();
  const auto found =
      std::lower_bound(mappings.begin(), mappings.end(), value,
                       [](const CaseMapping& mapping, char32_t v) { return mapping.from < v; });
  return found != mappings.end() && found->from == value ? found->to : value;
}

}  // namespace hart::formats
