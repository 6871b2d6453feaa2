#include "store/collect.h"

#include "store/collect_free.h"
#include "store/collect_mark.h"
#include "store/collect_sweep.h"

namespace hart::store {
namespace {

/// Says whether to go on: until the time is up.
class Deadline {
 public:
  explicit Deadline(const CollectOptions& options)
      : options_{options}, begun_{steady_seconds()} {}

  bool operator()() const {
    if (options_.step) options_.step();
    return options_.max_seconds <= 0 || steady_seconds() - begun_ < options_.max_seconds;
  }

 private:
  const CollectOptions& options_;
  double begun_;
};

std::uint64_t waiting_bytes(Store& store) {
  CollectFree nothing{store, false, {}};
  return nothing.bytes_waiting();
}

}  // namespace

Collected collect(Store& store, const CollectOptions& options) {
  const Deadline deadline{options};
  const TimeUs kept_since_us = store.now() - options.grace_us;
  const DeadRows dead = find_dead_rows(store, kept_since_us);
  Collected collected;
  if (options.dry_run) {
    collected.atoms = dead.atoms.size();
    collected.extents = dead.deltas.size() + dead.extents.size();
    collected.bytes = dead.bytes;
    collected.bytes_waiting = waiting_bytes(store);
    return collected;
  }
  {
    CollectSweep sweep{store, kept_since_us, options.overwrite, deadline};
    collected.complete = sweep.run(dead);
    collected.atoms = sweep.atoms();
    collected.extents = sweep.extents();
    collected.bytes = sweep.bytes();
  }
  CollectFree free{store, options.overwrite, deadline};
  collected.complete = free.run(options.wait_seconds) && collected.complete;
  if (free.rewrite_packs())
    collected.complete = free.run(options.wait_seconds) && collected.complete;
  collected.bytes_freed = free.bytes_freed();
  collected.bytes_waiting = free.bytes_waiting();
  collected.bytes_kept = free.bytes_kept();
  collected.packs_removed = free.packs_removed();
  return collected;
}

}  // namespace hart::store
