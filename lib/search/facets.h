#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "search/query.h"
#include "store/store.h"

namespace hart::search {

/// How many hits have a value in a field.
struct Facet {
  std::string field;
  Json value;  ///< null: the field has none
  std::uint64_t count = 0;
};

/// Reads "modality,subtype,kind,name,month,metadata.KEY": `modality` is what the tenant holds
/// the hit's atom as, the others are of the newest object that holds it; `month` ("2026-01") is
/// when that was added, `metadata.KEY` one of its metadata, where a further . leads into an
/// object. Throws Error(usage) on another field, or one that stands twice.
[[nodiscard]] std::vector<std::string> parse_facets(std::string_view text);

/// Counts the values of `fields` over all of `hits`, field by field as given; of each field the
/// most frequent first, equal counts by ascending JSON text. The elements of an array count
/// each for themselves, an object as none. Call inside a Snapshot.
[[nodiscard]] std::vector<Facet> count_facets(store::Store& store,
                                              std::span<const std::string> fields,
                                              std::span<const Hit> hits);

}  // namespace hart::search
