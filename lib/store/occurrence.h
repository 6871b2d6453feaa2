#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "store/catalog.h"
#include "store/store.h"

namespace hart::store {

/// `find_occurrence` for many atoms, with statements that are prepared once.
class OccurrenceFinder {
 public:
  explicit OccurrenceFinder(Store& store);
  [[nodiscard]] std::optional<Occurrence> find(std::int64_t atom_id);

 private:
  Statement parent_;
  Statement object_;
};

/// Of an Occurrence what a hit is named by.
struct Place {
  std::string name;  ///< of the object
  std::int64_t position = 0;
};

/// The same without the rest of the object, whose name is remembered.
class PlaceFinder {
 public:
  /// `store` must outlive it.
  explicit PlaceFinder(Store& store);

  [[nodiscard]] std::optional<Place> find(std::int64_t atom_id);
  /// Forgets the names: call it when another connection's commit may have changed some.
  void forget() { names_.clear(); }

 private:
  [[nodiscard]] const std::optional<std::string>& name_of(std::int64_t object_id);

  Statement parent_;
  Statement object_;
  Statement itself_;
  std::unordered_map<std::int64_t, std::optional<std::string>> names_;  ///< by object
};

}  // namespace hart::store
