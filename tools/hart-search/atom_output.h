#pragma once

#include <cstdint>
#include <string>

#include "core/json.h"
#include "store/store.h"

namespace hart::search_tool {

/// The full id of an atom; empty when the tenant holds it no longer.
[[nodiscard]] std::string atom_id_text(store::Store& store, std::int64_t atom_id);

/// What an atom says; null when it is not made of text.
[[nodiscard]] Json atom_text_json(store::Store& store, std::int64_t atom_id);

/// The name of the newest object that contains the atom; null when there is none.
[[nodiscard]] Json atom_name_json(store::Store& store, std::int64_t atom_id);

/// `value` as hart-jsonl(5) prints scores and distances: six decimals.
[[nodiscard]] double to_six_decimals(double value);

/// The first `limit` bytes of `text`, whole characters, on one line.
[[nodiscard]] std::string first_line_of(const std::string& text, std::size_t limit);

}  // namespace hart::search_tool
