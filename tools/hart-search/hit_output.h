#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/output.h"
#include "core/json.h"
#include "search/search.h"
#include "store/id_cache.h"
#include "store/occurrence.h"
#include "store/store.h"

namespace hart::search_tool {

/// Which keys of a hit are printed, beside `type`.
class HitFields {
 public:
  enum Field { rank, atom, score, distance, modality, text, name, position, spatial };

  /// All of them.
  HitFields() = default;
  /// From "atom,score,distance". Throws Error(usage) on a name that no key has.
  explicit HitFields(const std::string& names);

  [[nodiscard]] bool has(Field field) const noexcept { return (fields_ >> field & 1u) != 0; }

 private:
  unsigned fields_ = ~0u;  ///< a bit a field
};

/// Writes hits out, with statements that are prepared once. What is not printed is not looked
/// up.
class HitOutput {
 public:
  /// `store` must outlive it. `many`: for more than one query.
  HitOutput(store::Store& store, HitFields fields, bool many);

  /// Call first in each Snapshot: see IdCache.
  void begin_snapshot() { ids_.begin_snapshot(); }

  /// `{"type":"hit","rank",…}` as hart-jsonl(5) has it; `rank` counts from 1. Unknown values
  /// are null. People see rank, score, where it stands, and the beginning of the text, for
  /// which they need all fields. For many hits call it inside a Snapshot.
  void write(const search::Query& query, const search::Hit& hit, std::size_t rank,
             cli::Output& out);

 private:
  void make_json(const search::Query& query, const search::Hit& hit, std::size_t rank);
  void begin_value(std::string_view key);
  void add(std::string_view key, const Json& value);
  void add_atom(std::int64_t atom_id);
  void add_place(std::int64_t atom_id);
  [[nodiscard]] Json modality_of(std::int64_t atom_id, const search::Filter& filter);
  [[nodiscard]] Json spatial_of(std::int64_t atom_id, const search::Query& query);

  store::Store& store_;
  HitFields fields_;
  store::IdCache ids_;
  store::OccurrenceFinder places_;
  store::Statement find_modality_;
  store::Statement find_spatial_;
  std::string json_;  ///< the hit that is written
};

/// `{"type":"facet","field","value","count"}` as hart-jsonl(5) has it.
[[nodiscard]] Json facet_json(const search::Facet& facet);

/// The same for people: field, count, value.
[[nodiscard]] std::string facet_text(const search::Facet& facet);

/// The explanation for people.
[[nodiscard]] std::string explain_text(const search::Explain& explain);

}  // namespace hart::search_tool
