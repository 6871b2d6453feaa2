#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "common/output.h"
#include "core/json.h"
#include "hit_details.h"
#include "hit_fields.h"
#include "search/search.h"
#include "store/id_cache.h"
#include "store/store.h"

namespace hart::search_tool {

/// Writes hits out, with statements that are prepared once. What is not printed is not looked
/// up.
class HitOutput {
 public:
  /// `store` must outlive it. `many`: for more than one query.
  HitOutput(store::Store& store, HitFields fields, bool many);

  /// What prints ids, for others that look them up.
  [[nodiscard]] store::IdCache& ids() noexcept { return ids_; }

  /// Which receipt the hits that follow stand in; empty: none is kept.
  void set_receipt(std::string receipt) { receipt_ = std::move(receipt); }

  /// Call first in each Snapshot: what another connection's commit may have changed is looked
  /// up anew.
  void begin_snapshot();

  /// `{"type":"hit","rank",…}` as hart-jsonl(5) has it; `rank` counts from 1. Unknown values
  /// are null. People see rank, score, where it stands, and the beginning of the text, for
  /// which they need all fields. For many hits call it inside a Snapshot.
  void write(const search::Query& query, const search::Hit& hit, std::size_t rank,
             cli::Output& out);

 private:
  void make_json(const search::Query& query, const search::Hit& hit, std::size_t rank);
  void begin_value(std::string_view key);
  void append_atom(std::int64_t atom_id);

  HitFields fields_;
  store::IdCache ids_;
  HitDetails details_;
  std::string receipt_;
  std::string json_;  ///< the hit that is written
};

/// `{"type":"facet","field","value","count"}` as hart-jsonl(5) has it.
[[nodiscard]] Json facet_json(const search::Facet& facet);

/// The same for people: field, count, value.
[[nodiscard]] std::string facet_text(const search::Facet& facet);

/// The explanation for people.
[[nodiscard]] std::string explain_text(const search::Explain& explain);

}  // namespace hart::search_tool
