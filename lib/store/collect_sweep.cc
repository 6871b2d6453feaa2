#include "store/collect_sweep.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <unordered_set>

#include "core/clock.h"
#include "store/atom_reference.h"

namespace hart::store {
namespace {

/// Rows that are deleted in one transaction. Digests lie all over their indexes, so that a
/// transaction writes most pages of these however few rows it deletes: many small ones would
/// write the catalog many times over.
constexpr std::size_t kFirstPortion = 4'000;
constexpr std::size_t kSmallestPortion = 1'000;
constexpr std::size_t kLargestPortion = 65'536;
/// A transaction that took longer than the one makes the next shorter, and the other way round.
constexpr double kLongSeconds = 0.6;
constexpr double kShortSeconds = 0.3;
/// Longer than a writer sleeps between two looks at the lock (lock.cc), so that one that waits
/// gets it.
constexpr std::chrono::milliseconds kTurn{10};

/// What a writer may have linked to a doomed atom since it was found dead. A tenant's holdings
/// are looked up tenant by tenant: they are ordered so.
std::vector<std::string> spare_statements(Connection& db, TimeUs kept_since_us) {
  std::vector<std::string> sql;
  for (const AtomColumn& root : atom_root_columns(db)) {
    if (root.table == "tenant_atom") continue;
    sql.push_back("DELETE FROM doomed WHERE id IN (SELECT " + root.column + " FROM " +
                  root.table + " WHERE " + root.column + " IS NOT NULL)");
  }
  sql.emplace_back(
      "DELETE FROM doomed WHERE EXISTS (SELECT 1 FROM tenant AS t CROSS JOIN tenant_atom AS h"
      " WHERE h.tenant_id = t.tenant_id AND h.atom_id = doomed.id)");
  sql.push_back(
      "DELETE FROM doomed WHERE EXISTS (SELECT 1 FROM tenant_atom_history AS h"
      " WHERE h.atom_id = doomed.id AND h.valid_to_us > " +
      std::to_string(kept_since_us) + ")");
  return sql;
}

}  // namespace

CollectSweep::CollectSweep(Store& store, TimeUs kept_since_us, bool overwrite,
                           std::function<bool()> proceed)
    : store_{store},
      db_{store.db()},
      kept_since_us_{kept_since_us},
      overwrite_{overwrite},
      proceed_{std::move(proceed)},
      portion_{kFirstPortion},
      root_sql_{spare_statements(db_, kept_since_us)} {
  // Every reference is looked up here, once; SQLite would scan whole tables for some.
  db_.exec("PRAGMA foreign_keys = OFF");
  db_.exec("CREATE TEMP TABLE IF NOT EXISTS doomed (id INTEGER PRIMARY KEY)");
}

CollectSweep::~CollectSweep() {
  try {
    db_.exec("PRAGMA foreign_keys = ON");
    db_.exec("DROP TABLE IF EXISTS temp.doomed");
  } catch (const std::exception&) {
    // The connection is beyond use: what it does next fails as well, and says why.
  }
}

bool CollectSweep::run(const DeadRows& dead) {
  data_version_ = dead.data_version;
  return sweep_atoms(dead.atoms) && sweep_extents(dead.deltas) && sweep_extents(dead.extents);
}

void CollectSweep::doom(const std::int64_t* first, std::size_t count) {
  db_.exec("DELETE FROM doomed");
  Statement insert = db_.prepare("INSERT INTO doomed VALUES (?)", Scope::owner);
  for (std::size_t i = 0; i < count; ++i) insert.run(first[i]);
}

template <typename Body> bool CollectSweep::in_portions(const Ids& ids, const Body& body) {
  for (std::size_t at = 0; at < ids.size();) {
    if (!proceed_()) return false;
    const std::size_t count = std::min(portion_, ids.size() - at);
    const double begun = steady_seconds();
    {
      WriteTransaction transaction{store_};
      static_cast<void>(store_.now());
      if (db_.query_integer("PRAGMA data_version") != data_version_) others_wrote_ = true;
      doom(ids.data() + at, count);
      body();
      transaction.commit();
    }
    const double seconds = steady_seconds() - begun;
    if (seconds > kLongSeconds) portion_ = std::max(portion_ / 2, kSmallestPortion);
    if (seconds < kShortSeconds) portion_ = std::min(portion_ * 2, kLargestPortion);
    at += count;
    std::this_thread::sleep_for(kTurn);
  }
  return true;
}

/// An atom goes once nothing is made of it: wholes before their parts, in as many rounds as
/// that takes.
bool CollectSweep::sweep_atoms(const Ids& dead) {
  Ids pending = dead;
  while (!pending.empty()) {
    Ids left;
    if (!in_portions(pending, [&] { delete_atoms(left); })) return false;
    if (left.size() == pending.size()) break;
    std::sort(left.rbegin(), left.rend());
    pending = std::move(left);
  }
  return true;
}

bool CollectSweep::sweep_extents(const Ids& dead) {
  return in_portions(dead, [&] { delete_extents(); });
}

void CollectSweep::spare_roots() {
  for (const std::string& sql : root_sql_) db_.prepare(sql, Scope::owner).run();
}

/// A part whose whole stays must stay, and then its own parts must.
void CollectSweep::spare_parts() {
  for (bool spared = true; spared;) {
    spared = false;
    for (const AtomEdge& edge : kAtomEdges) {
      const std::string parent{edge.parent};
      db_.prepare("DELETE FROM doomed WHERE EXISTS (SELECT 1 FROM " + std::string{edge.table} +
                      " AS e WHERE e." + edge.child +
                      " = doomed.id AND NOT EXISTS"
                      " (SELECT 1 FROM doomed AS p WHERE p.id = e." +
                      parent + "))",
                  Scope::owner)
          .run();
      spared = spared || db_.changes() > 0;
    }
  }
}

void CollectSweep::delete_atoms(Ids& left) {
  Ids all;
  {
    Statement ids = db_.prepare("SELECT id FROM doomed", Scope::owner);
    while (ids.step()) all.push_back(ids.integer(0));
  }
  if (others_wrote_) spare_roots();
  spare_parts();
  std::unordered_set<std::int64_t> going;
  {
    Statement ids = db_.prepare("SELECT id FROM doomed", Scope::owner);
    while (ids.step()) going.insert(ids.integer(0));
  }
  std::copy_if(all.begin(), all.end(), std::back_inserter(left),
               [&](std::int64_t id) { return !going.contains(id); });
  for (const AtomColumn& part : atom_owned_tables())
    db_.prepare("DELETE FROM " + part.table + " WHERE " + part.column +
                    " IN (SELECT id FROM doomed)",
                Scope::owner)
        .run();
  db_.prepare("DELETE FROM atom WHERE atom_id IN (SELECT id FROM doomed)", Scope::owner).run();
  atoms_ += static_cast<std::uint64_t>(db_.changes());
}

void CollectSweep::delete_extents() {
  db_.exec(
      "DELETE FROM doomed WHERE EXISTS (SELECT 1 FROM atom_payload AS p"
      "  WHERE p.extent_id = doomed.id)"
      " OR EXISTS (SELECT 1 FROM extent AS e WHERE e.base_extent_id = doomed.id)");
  {
    Statement places = db_.prepare(
        "SELECT e.pack_id, e.pack_offset, e.stored_bytes FROM doomed AS d"
        " CROSS JOIN extent AS e ON e.extent_id = d.id ORDER BY 1, 2",
        Scope::owner);
    HoleWriter holes{db_, overwrite_};
    PackRange run;
    while (places.step()) {
      const PackRange range =
          extent_range(places.integer(0), static_cast<std::uint64_t>(places.integer(1)),
                       static_cast<std::uint64_t>(places.integer(2)));
      bytes_ += range.bytes;
      if (run.pack_id == range.pack_id && run.end() == range.offset) {
        run.bytes += range.bytes;
        continue;
      }
      if (run.bytes > 0) holes.add(run);
      run = range;
    }
    if (run.bytes > 0) holes.add(run);
  }
  db_.prepare("DELETE FROM extent WHERE extent_id IN (SELECT id FROM doomed)", Scope::owner)
      .run();
  extents_ += static_cast<std::uint64_t>(db_.changes());
}

}  // namespace hart::store
