#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/uuid.h"
#include "store/lock.h"
#include "store/store.h"

namespace hart::ooda {

/// Where the acting tenant's loop stands.
struct LoopState {
  bool stopped = false;
  std::string reason;       ///< of the latest stop
  TimeUs changed = 0;       ///< when it was last stopped or resumed; 0: never
  std::int64_t cycles = 0;  ///< cycles that were run with the permission to act
  std::optional<Uuid> last_cycle;
  TimeUs last_cycle_time = 0;
  std::int64_t last_query_id = 0;  ///< the newest logged query that a cycle has observed
};

[[nodiscard]] LoopState loop_state(store::Store& store);

/// The emergency stop: no phase of a cycle begins, and nothing is changed, until `resume_loop`.
/// A cycle in progress, of another process too, ends at its next step and undoes what it had
/// not finished. False when it was so already.
bool stop_loop(store::Store& store, const std::string& reason);
bool resume_loop(store::Store& store);

/// Remembers that a cycle has run and what it had seen.
void finish_cycle(store::Store& store, const Uuid& cycle, TimeUs started,
                  std::int64_t newest_query_id);

/// Held by whoever may change the store in the loop's name: one process at a time, so that a
/// change found unfinished is one that was interrupted. Throws Error(busy) at once when another
/// holds it.
[[nodiscard]] std::unique_ptr<store::WriterLock> lock_loop(store::Store& store);

}  // namespace hart::ooda
