#include "store/pack_hole.h"

#include <optional>
#include <string>

namespace hart::store {
namespace {

/// Holes do not overlap: the last one that begins before a place is the only one that can end
/// there.
constexpr const char* kEndsHere =
    "pack_offset = (SELECT max(pack_offset) FROM pack_hole WHERE pack_id = ?1"
    " AND pack_offset < ?2) AND pack_offset + bytes = ?2";
constexpr const char* kBeginsHere = "pack_offset = ?2";
constexpr const char* kWaiting = " AND freed = 0 AND overwrite = ?3 AND epoch = ?4";
constexpr const char* kFreed = " AND freed = 1";

Statement prepare_neighbour(Connection& db, const char* place, const char* kind) {
  return db.prepare(
      std::string{"SELECT pack_offset, bytes FROM pack_hole WHERE pack_id = ?1 AND "} + place +
          kind,
      Scope::owner);
}

Statement prepare_remove(Connection& db) {
  return db.prepare("DELETE FROM pack_hole WHERE pack_id = ? AND pack_offset = ?",
                    Scope::owner);
}

/// The range of the statement's first row, if there is one.
std::optional<PackRange> first_range(Statement& row, std::int64_t pack_id) {
  std::optional<PackRange> found;
  if (row.step())
    found = PackRange{pack_id, static_cast<std::uint64_t>(row.integer(0)),
                      static_cast<std::uint64_t>(row.integer(1))};
  row.reset();
  return found;
}

}  // namespace

std::int64_t reader_epoch(Connection& db) {
  return db.query_integer("SELECT epoch FROM reader_epoch");
}

HoleWriter::HoleWriter(Connection& db, bool overwrite)
    : before_{prepare_neighbour(db, kEndsHere, kWaiting)},
      after_{prepare_neighbour(db, kBeginsHere, kWaiting)},
      remove_{prepare_remove(db)},
      insert_{db.prepare("INSERT INTO pack_hole (pack_id, pack_offset, bytes, epoch, overwrite)"
                         " VALUES (?, ?, ?, ?, ?)",
                         Scope::owner)},
      epoch_{reader_epoch(db)},
      overwrite_{overwrite ? 1 : 0} {}

void HoleWriter::add(const PackRange& range) {
  PackRange merged = range;
  before_.with(range.pack_id, range.offset, overwrite_, epoch_);
  if (const auto before = first_range(before_, range.pack_id)) {
    remove_.run(before->pack_id, before->offset);
    merged.offset = before->offset;
    merged.bytes += before->bytes;
  }
  after_.with(range.pack_id, range.end(), overwrite_, epoch_);
  if (const auto after = first_range(after_, range.pack_id)) {
    remove_.run(after->pack_id, after->offset);
    merged.bytes += after->bytes;
  }
  insert_.run(merged.pack_id, merged.offset, merged.bytes, epoch_, overwrite_);
}

FreedHoles::FreedHoles(Connection& db)
    : before_{prepare_neighbour(db, kEndsHere, kFreed)},
      after_{prepare_neighbour(db, kBeginsHere, kFreed)},
      remove_{prepare_remove(db)},
      insert_{db.prepare("INSERT INTO pack_hole (pack_id, pack_offset, bytes, epoch, freed)"
                         " VALUES (?, ?, ?, 0, 1)",
                         Scope::owner)} {}

PackRange FreedHoles::add(const PackRange& hole) {
  PackRange merged = hole;
  remove_.run(hole.pack_id, hole.offset);
  before_.with(hole.pack_id, hole.offset);
  if (const auto before = first_range(before_, hole.pack_id)) {
    remove_.run(before->pack_id, before->offset);
    merged.offset = before->offset;
    merged.bytes += before->bytes;
  }
  after_.with(hole.pack_id, hole.end());
  if (const auto after = first_range(after_, hole.pack_id)) {
    remove_.run(after->pack_id, after->offset);
    merged.bytes += after->bytes;
  }
  insert_.run(merged.pack_id, merged.offset, merged.bytes);
  return merged;
}

}  // namespace hart::store
