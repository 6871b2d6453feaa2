#pragma once

#include <cstddef>
#include <cstdint>

#include "store/store.h"

namespace hart::prov {

/// An inference counts as influenced by at most this many earlier ones.
inline constexpr std::size_t kMostInfluences = 8;
/// Of those that used an atom before, only this many of the latest are compared: an atom that
/// everything uses says little, and would make each receipt dearer than the one before.
inline constexpr int kComparedUses = 16;

/// Derives the provenance graph of the acting tenant's receipts that are not in it yet: the
/// atoms that were used (atom_provenance), how well each answer is founded, and INFLUENCED_BY:
/// for each inference the kMostInfluences earlier ones that share the largest part of their
/// evidence,
///
///     strength = |A and B| / |A or B|  over the atoms that both were given (Jaccard),
///
/// the later first among equals. What a search found counts as given to it; searches that were
/// answered together influence, all as one, and are influenced by none. Deterministic: it
/// depends on the order of the log alone. Returns how many receipts were added. The store must
/// be writable; opens WriteTransactions of a bounded number of receipts each.
std::uint64_t derive_graph(store::Store& store);

/// The same in one go, inside a WriteTransaction of the caller's: for what changes openings,
/// since what is not derived before they go cannot be derived any more.
std::uint64_t derive_graph_within(store::Store& store);

/// How many of the acting tenant's receipts are in the graph: the first ones of the log.
[[nodiscard]] std::uint64_t derived_receipts(store::Store& store);
/// How many are not there yet.
[[nodiscard]] std::uint64_t underived_receipts(store::Store& store);

}  // namespace hart::prov
