#include "prov/sync/sync_state.h"

#include <algorithm>

#include "core/error.h"

namespace hart::prov {

std::vector<DeadLetter> dead_letters(store::Store& store,
                                     const std::optional<std::string>& target) {
  auto rows = store.db().prepare(
      "SELECT d.target, d.leaf_index, s.uuid, d.attempts, d.reason, d.refused_us"
      " FROM my_sync_dead_letter d JOIN my_generation_stream s ON s.leaf_index = d.leaf_index"
      " WHERE ?1 IS NULL OR d.target = ?1 ORDER BY d.target, d.leaf_index");
  rows.with(target);
  std::vector<DeadLetter> letters;
  while (rows.step()) {
    DeadLetter letter;
    letter.target = rows.text(0);
    letter.leaf_index = static_cast<std::uint64_t>(rows.integer(1));
    const ByteView uuid = rows.blob(2);
    std::copy_n(uuid.begin(), std::min(uuid.size(), letter.inference.size()),
                letter.inference.begin());
    letter.attempts = static_cast<std::uint64_t>(rows.integer(3));
    letter.reason = rows.text(4);
    letter.refused = rows.integer(5);
    letters.push_back(std::move(letter));
  }
  return letters;
}

SyncState::SyncState(store::Store& store, std::string target)
    : store_{store}, target_{std::move(target)} {}

std::uint64_t SyncState::position() {
  auto row = store_.db().prepare("SELECT position FROM my_sync_checkpoint WHERE target = ?");
  row.with(target_);
  return row.step() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

void SyncState::move(std::uint64_t from, std::uint64_t to) {
  if (position() != from)
    throw Error{Fault::busy, target_ + ": another process delivers to it at the same time"};
  store_.db()
      .prepare(
          "INSERT INTO sync_checkpoint (tenant_id, target, position, updated_us)"
          " VALUES (?, ?, ?, ?) ON CONFLICT (tenant_id, target) DO UPDATE"
          " SET position = excluded.position, updated_us = excluded.updated_us",
          store::Scope::owner)
      .run(store_.tenant_id(), target_, to, store_.now());
}

void SyncState::advance(std::uint64_t from, std::uint64_t to) {
  store::WriteTransaction transaction{store_};
  move(from, to);
  // Of an earlier run: they were accepted now.
  store_.db()
      .prepare(
          "DELETE FROM sync_dead_letter"
          " WHERE tenant_id = ? AND target = ? AND leaf_index >= ? AND leaf_index < ?",
          store::Scope::owner)
      .run(store_.tenant_id(), target_, from, to);
  transaction.commit();
}

void SyncState::bury(std::uint64_t leaf_index, std::uint64_t attempts,
                     const std::string& reason) {
  store::WriteTransaction transaction{store_};
  move(leaf_index, leaf_index + 1);
  store_.db()
      .prepare(
          "INSERT INTO sync_dead_letter"
          " (tenant_id, target, leaf_index, attempts, reason, refused_us)"
          " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, target, leaf_index)"
          " DO UPDATE SET attempts = attempts + excluded.attempts,"
          " reason = excluded.reason, refused_us = excluded.refused_us",
          store::Scope::owner)
      .run(store_.tenant_id(), target_, leaf_index, attempts, reason, store_.now());
  transaction.commit();
}

void SyncState::resolve(std::uint64_t leaf_index) {
  store::WriteTransaction transaction{store_};
  store_.db()
      .prepare(
          "DELETE FROM sync_dead_letter"
          " WHERE tenant_id = ? AND target = ? AND leaf_index = ?",
          store::Scope::owner)
      .run(store_.tenant_id(), target_, leaf_index);
  transaction.commit();
}

void SyncState::refuse_again(std::uint64_t leaf_index, const std::string& reason) {
  store::WriteTransaction transaction{store_};
  store_.db()
      .prepare(
          "UPDATE sync_dead_letter"
          " SET attempts = attempts + 1, reason = ?, refused_us = ?"
          " WHERE tenant_id = ? AND target = ? AND leaf_index = ?",
          store::Scope::owner)
      .run(reason, store_.now(), store_.tenant_id(), target_, leaf_index);
  transaction.commit();
}

}  // namespace hart::prov
