#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "store/catalog.h"

namespace hart::store {

/// An atom is held by a tenant as long as one of the tenant's objects or snapshots contains it:
/// `tenant_atom.holders` counts them. Both functions count for one object, given as its
/// distinct atoms and its modality, inside a WriteTransaction.

/// The file of an object, its structure (0: none) and all that is below them, whether or not
/// the acting tenant holds them now.
[[nodiscard]] std::vector<std::int64_t> atoms_below(Store& store, std::int64_t atom_id,
                                                    std::int64_t structure_id);

/// One holder more. What the tenant has let go of since, and no collection has taken, is taken
/// up again as it was held last, and what was hidden from it is seen; these atoms are returned,
/// in the order of `atoms`, for indexes that must know them. Throws Error(no_input) for an atom
/// that the tenant does not hold and whose past is not known.
std::vector<std::int64_t> hold_again(Store& store, std::span<const std::int64_t> atoms,
                                     Modality modality);

/// One holder less, which was not hidden from the tenant. Returns the atoms that are no
/// longer held, or are hidden by all that holds them still, in the order of `atoms`, for
/// indexes that must forget them; their vectors are gone already. The bytes stay until `gc`.
/// The caller took the store's time before: the instant at which the history ends them.
std::vector<std::int64_t> release(Store& store, std::span<const std::int64_t> atoms,
                                  Modality modality);

}  // namespace hart::store
