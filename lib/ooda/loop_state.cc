#include "ooda/loop_state.h"

#include <algorithm>

#include "core/error.h"

namespace hart::ooda {
namespace {

using store::Scope;

bool set_stopped(store::Store& store, bool stopped, const std::string& reason) {
  store::WriteTransaction transaction{store};
  if (loop_state(store).stopped == stopped) return false;
  store.db()
      .prepare(
          "INSERT INTO ooda_loop_state (tenant_id, stopped, reason, changed_us)"
          " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (tenant_id) DO UPDATE SET"
          " stopped = excluded.stopped, reason = excluded.reason,"
          " changed_us = excluded.changed_us",
          Scope::owner)
      .run(store.tenant_id(), stopped ? 1 : 0, reason, store.now());
  transaction.commit();
  return true;
}

}  // namespace

LoopState loop_state(store::Store& store) {
  auto select = store.db().prepare(
      "SELECT stopped, reason, changed_us, cycles, last_cycle, last_cycle_us, last_query_id"
      " FROM my_ooda_loop_state");
  LoopState state;
  if (!select.step()) return state;
  state.stopped = select.integer(0) != 0;
  state.reason = select.text(1);
  state.changed = select.integer(2);
  state.cycles = select.integer(3);
  if (const ByteView cycle = select.blob(4); !cycle.empty()) {
    state.last_cycle.emplace();
    std::copy(cycle.begin(), cycle.end(), state.last_cycle->begin());
  }
  state.last_cycle_time = select.integer(5);
  state.last_query_id = select.integer(6);
  return state;
}

bool stop_loop(store::Store& store, const std::string& reason) {
  return set_stopped(store, true, reason);
}

bool resume_loop(store::Store& store) {
  return set_stopped(store, false, {});
}

void finish_cycle(store::Store& store, const Uuid& cycle, TimeUs started,
                  std::int64_t newest_query_id) {
  store::WriteTransaction transaction{store};
  store.db()
      .prepare(
          "INSERT INTO ooda_loop_state (tenant_id, cycles, last_cycle, last_cycle_us,"
          " last_query_id) VALUES (?1, 1, ?2, ?3, ?4) ON CONFLICT (tenant_id) DO UPDATE SET"
          " cycles = cycles + 1, last_cycle = excluded.last_cycle,"
          " last_cycle_us = excluded.last_cycle_us,"
          " last_query_id = excluded.last_query_id",
          Scope::owner)
      .run(store.tenant_id(), ByteView{cycle}, started, newest_query_id);
  transaction.commit();
}

std::unique_ptr<store::WriterLock> lock_loop(store::Store& store) {
  try {
    return std::make_unique<store::WriterLock>(store.directory() + "/ooda.lock", 0);
  } catch (const Error& error) {
    if (error.fault() != Fault::busy) throw;
    throw Error{Fault::busy, "another improvement cycle or rollback is at work on this store"};
  }
}

}  // namespace hart::ooda
