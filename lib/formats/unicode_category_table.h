#pragma once

#include <span>

#include "formats/unicode_category.h"

namespace hart::formats {

/// `category` holds from `first` up to the next run.
struct CategoryRun {
  char32_t first;
  GeneralCategory category;
};

/// Ascending; the first run begins at 0, the last one ends at U+10FFFF.
[[nodiscard]] std::span<const CategoryRun> category_runs() noexcept;

struct CaseMapping {
  char32_t from, to;
};

/// Ascending by `from`: the code points whose lower case is one other code point.
[[nodiscard]] std::span<const CaseMapping> lower_mappings() noexcept;

}  // namespace hart::formats
