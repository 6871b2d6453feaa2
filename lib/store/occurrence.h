#pragma once

#include <cstdint>
#include <optional>

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

}  // namespace hart::store
