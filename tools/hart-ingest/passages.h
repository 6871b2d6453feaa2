#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/catalog.h"

namespace hart::ingest {

/// The passages of a document by their atoms, with their text: an index forgets a passage by
/// its text.
using Passages = std::vector<std::pair<std::int64_t, std::string>>;

/// Empty for what is no document that was taken apart.
[[nodiscard]] Passages passages_of(store::Store& store, store::Modality modality,
                                   std::int64_t structure_id);

/// Takes those passages out of the tenant's full text whose atoms are among `gone`. Inside the
/// transaction in which they went.
void forget_passages(store::Store& store, const Passages& passages,
                     std::span<const std::int64_t> gone);

/// Puts those passages into the tenant's full text whose atoms are among `back`, and gives them
/// vectors where the shipped embedder is at hand. Inside the transaction that took them up
/// again.
void take_up_passages(store::Store& store, const Passages& passages,
                      std::span<const std::int64_t> back);

}  // namespace hart::ingest
