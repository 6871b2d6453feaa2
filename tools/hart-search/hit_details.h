#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "hit_fields.h"
#include "search/query.h"
#include "store/occurrence.h"
#include "store/store.h"
#include "store/text_reader.h"

namespace hart::search_tool {

/// What is printed of a hit that depends on its atom alone, as JSON text. It is remembered,
/// since the queries of a stream find many atoms again.
class HitDetails {
 public:
  /// `store` must outlive it.
  HitDetails(store::Store& store, HitFields fields);

  /// Forgets everything: call it when another connection's commit may have changed it.
  void forget();
  /// `,"modality":…,"text":…,"name":…,"position":…,"spatial":…`, of them the fields that are
  /// printed. All queries must have the same filter. Valid until the next call.
  [[nodiscard]] const std::string& of(std::int64_t atom_id, const search::Query& query);

 private:
  [[nodiscard]] std::string make(std::int64_t atom_id, const search::Query& query);
  void append_text(std::string& json, std::int64_t atom_id);
  void append_place(std::string& json, std::int64_t atom_id);
  void append_spatial(std::string& json, std::int64_t atom_id, ByteView of_reference);

  HitFields fields_;
  bool any_;
  store::TextReader texts_;
  store::PlaceFinder places_;
  store::Statement find_reference_;
  store::Statement find_mapped_;         ///< the place on a model's map
  std::int64_t embedding_model_id_ = 0;  ///< of the queries since `known_` was empty
  std::unordered_map<std::int64_t, std::string> known_;  ///< by atom
  std::size_t known_bytes_ = 0;
};

}  // namespace hart::search_tool
