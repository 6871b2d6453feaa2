#pragma once

#include <string>

#include "core/json.h"
#include "search/search.h"
#include "store/store.h"

namespace hart::search_tool {

/// `{"type":"hit","rank",…}` as hart-jsonl(5) has it; `rank` counts from 1. Unknown values are
/// null.
[[nodiscard]] Json hit_json(store::Store& store, const search::Query& query,
                            const search::Hit& hit, std::size_t rank);

/// The same for people: rank, score, where it stands, and the beginning of the text.
[[nodiscard]] std::string hit_text(const Json& hit);

/// The explanation for people.
[[nodiscard]] std::string explain_text(const search::Explain& explain);

}  // namespace hart::search_tool
