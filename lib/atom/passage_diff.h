#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/catalog.h"

namespace hart::atom {

/// A passage (a paragraph) of one or both of two documents.
struct PassageDiff {
  store::Atom atom;
  /// Which of the document's passages it is, from 0; none where that document has it not.
  std::optional<std::uint64_t> index_a, index_b;
};

/// The passages of two documents: those of A in order, with their counterparts in B, then
/// those only in B. A passage is the same when its atom is; one that stands several times is
/// paired as often as both have it, in order. Throws Error(data) when one of the objects is no
/// document, or a text whose passages are not kept as atoms.
[[nodiscard]] std::vector<PassageDiff> diff_passages(store::Store& store,
                                                     const store::Object& a,
                                                     const store::Object& b);

}  // namespace hart::atom
