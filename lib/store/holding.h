#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "store/catalog.h"

namespace hart::store {

/// An atom is held by a tenant as long as one of the tenant's objects or snapshots contains it:
/// `tenant_atom.holders` counts them. Both functions count for one object, given as its
/// distinct atoms and its modality, inside a WriteTransaction.

/// One holder more. What the tenant has let go of since, and no collection has taken, is taken
/// up again as it was held last; these atoms are returned, in the order of `atoms`, for indexes
/// that must know them. Throws Error(no_input) for an atom that the tenant does not hold and
/// whose past is not known.
std::vector<std::int64_t> hold_again(Store& store, std::span<const std::int64_t> atoms,
                                     Modality modality);

/// One holder less. Returns the atoms that are no longer held, in the order of `atoms`, for
/// indexes that must forget them; their vectors are gone already. The bytes stay until `gc`.
/// The caller took the store's time before: the instant at which the history ends them.
std::vector<std::int64_t> release(Store& store, std::span<const std::int64_t> atoms,
                                  Modality modality);

}  // namespace hart::store
