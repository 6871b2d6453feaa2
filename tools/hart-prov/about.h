#pragma once

#include <string>
#include <string_view>

#include "core/id.h"
#include "prov/graph/store_graph.h"
#include "store/store.h"

namespace hart::cli {

/// The first line of a text, at most 72 bytes of it and never half a character, with "…" where
/// something was left out.
[[nodiscard]] std::string first_line(std::string_view text);

/// What a person knows an atom by: the first line of its text, else its name, else its id. Of
/// an atom that the tenant does not hold, or no longer, the id.
[[nodiscard]] std::string about_atom(store::Store& store, const prov::StoreGraph& graph,
                                     const Id& atom);

}  // namespace hart::cli
