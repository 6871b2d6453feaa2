#pragma once

#include <cstdint>
#include <vector>

#include "core/id.h"
#include "prov/opened_receipt.h"

namespace hart::prov {

/// An atom's part in a result, as the store keeps it.
enum class AtomRole : std::uint8_t { model = 0, evidence = 1, subject = 2 };

/// What lineage is searched by: a row of atom_provenance.
struct UsedAtom {
  AtomRole role = AtomRole::model;
  /// Of the receipt's segments of this role; the hits of several searches are evidence from
  /// kFirstHit on.
  std::uint32_t sequence = 0;
  Id atom;
  double weight = 0;
};

/// The models of a receipt, and the evidence, hits and subjects that can still be opened.
/// Throws Error(data) when an opening does not match.
[[nodiscard]] std::vector<UsedAtom> used_atoms(OpenedReceipt& opened);

}  // namespace hart::prov
