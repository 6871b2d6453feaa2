#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/id.h"
#include "prov/graph/entity.h"
#include "prov/graph/used_atoms.h"
#include "prov/opened_receipt.h"
#include "store/store.h"

namespace hart::prov {

/// An earlier inference that counts as an influence.
struct Influence {
  std::int64_t earlier = 0;
  std::int64_t strength = 0;  ///< millionths
  bool operator==(const Influence&) const = default;
};

/// Measures as they are stored: millionths.
struct StoredMeasures {
  std::optional<std::int64_t> confidence, grounding, support;
  bool operator==(const StoredMeasures&) const = default;
};

/// What the graph says of one receipt.
struct Derived {
  std::vector<Entity> entities;
  std::optional<Entity> reasoning;
  std::int64_t evidence_atoms = 0;
  std::vector<Influence> influences;
  StoredMeasures measures;
  bool whole = false;  ///< nothing that the measures need was erased
};

/// Derives what the graph says of receipts, in the order of the log.
class ReceiptDerivation {
 public:
  explicit ReceiptDerivation(store::Store& store);

  /// From the rows of atom_provenance, which must be there, and the openings. Throws
  /// Error(data) for a damaged receipt.
  [[nodiscard]] Derived derive(OpenedReceipt& opened);

 private:
  /// Those of a role whose sequence is below `end`, ascending.
  std::vector<Id> ids(std::int64_t stream, AtomRole role, std::int64_t end = INT64_MAX);
  std::vector<Influence> influences(std::int64_t stream, const std::vector<Id>& atoms);
  struct Overlap {
    std::size_t common = 0;
    std::size_t others = 0;  ///< all atoms of the earlier one
  };
  Overlap overlap(const std::vector<Id>& atoms, std::int64_t earlier);
  /// The atoms of a receipt's evidence, ascending, without the hits of several searches. Those
  /// of the latest receipts, which are compared again and again, are remembered.
  const std::vector<Id>& evidence_atoms(std::int64_t stream);

  static constexpr std::size_t kMostRemembered = 16'384;

  store::Statement used_, earlier_, found_, found_atoms_;
  std::map<std::int64_t, std::vector<Id>> evidence_;
};

}  // namespace hart::prov
