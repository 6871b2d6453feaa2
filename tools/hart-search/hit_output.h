#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "search/search.h"
#include "store/store.h"

namespace hart::search_tool {

/// Which keys of a hit are printed, beside `type`.
class HitFields {
 public:
  /// All of them.
  HitFields() = default;
  /// From "atom,score,distance". Throws Error(usage) on a name that no key has.
  explicit HitFields(const std::string& names);

  [[nodiscard]] bool has(std::string_view name) const noexcept;

 private:
  std::vector<std::string> names_;  ///< empty: all
};

/// Writes hits out, with statements that are prepared once. What is not printed is not looked
/// up.
class HitOutput {
 public:
  /// `store` must outlive it.
  HitOutput(store::Store& store, HitFields fields);

  /// `{"type":"hit","rank",…}` as hart-jsonl(5) has it; `rank` counts from 1. Unknown values
  /// are null. For many hits call it inside a Snapshot.
  [[nodiscard]] Json json(const search::Query& query, const search::Hit& hit, std::size_t rank);

 private:
  [[nodiscard]] Json atom_of(std::int64_t atom_id);
  [[nodiscard]] Json modality_of(std::int64_t atom_id, const search::Filter& filter);
  [[nodiscard]] Json spatial_of(std::int64_t atom_id, const search::Query& query);

  store::Store& store_;
  HitFields fields_;
  store::Statement find_atom_;
  store::Statement find_modality_;
  store::Statement find_spatial_;
};

/// A hit for people, from all its keys: rank, score, where it stands, and the beginning of the
/// text.
[[nodiscard]] std::string hit_text(const Json& hit);

/// `{"type":"facet","field","value","count"}` as hart-jsonl(5) has it.
[[nodiscard]] Json facet_json(const search::Facet& facet);

/// The same for people: field, count, value.
[[nodiscard]] std::string facet_text(const search::Facet& facet);

/// The explanation for people.
[[nodiscard]] std::string explain_text(const search::Explain& explain);

}  // namespace hart::search_tool
