#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/clock.h"
#include "store/schema.h"
#include "store/store.h"

namespace hart::prov {

/// The name under which store/retention.h keeps how many days openings stay: two years unless
/// somebody sets another number.
inline constexpr const char* kOpeningTable = "generation_stream_opening";

struct ErasedOpenings {
  std::uint64_t receipts = 0;  ///< that had openings
  std::uint64_t openings = 0;
  std::uint64_t bytes = 0;  ///< of the content behind them
  /// Why some of the content may still be in a file; empty when none is.
  std::string remains;
};

/// Erases every opening of those of the acting tenant's receipts that ended before `before`, in
/// short transactions of its own, and writes the databases anew, so that nothing of it is left
/// in a file. Receipts, the chain, the log and what is known of atoms by their ids stay, and
/// still verify. A dry run only counts, and needs no writable store. Calls `step` between two
/// transactions; what that throws ends it there, and what was erased by then stays erased.
[[nodiscard]] ErasedOpenings erase_openings_before(store::Store& store, TimeUs before,
                                                   bool dry_run,
                                                   const std::function<void()>& step = {});

/// The acting tenant's receipts forget erased content (store::SchemaModule::erase): everything,
/// or of each generation that was given any of it as evidence that evidence, and all that was
/// generated from it; the prompt and other evidence where they hold the text of it; and the
/// names of erased models; and of every search what was looked for. Text that a prompt quotes
/// without naming its source is not found. The provenance graph is derived anew afterwards.
/// Returns how many openings went.
std::uint64_t erase_provenance(store::Store& store, const store::Erasure& erasure);

}  // namespace hart::prov
