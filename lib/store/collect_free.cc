#include "store/collect_free.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "crypto/crc32c.h"
#include "store/extent_reader.h"
#include "store/file_io.h"
#include "store/pack_hole.h"
#include "store/reader_lease.h"

namespace hart::store {
namespace {

/// Holes that are freed, or bytes that are overwritten, in one transaction.
constexpr std::int64_t kHolesPerPortion = 4'096;
constexpr std::uint64_t kBytesPerPortion = std::uint64_t{64} << 20;
/// A file system frees whole blocks: a hole is punched together with what is free beside it,
/// up to the next multiple of this, the largest block in use.
constexpr std::uint64_t kBlockBytes = 65'536;
constexpr std::chrono::milliseconds kReaderPause{20};

/// The condition for a pack that nothing lives in. The newest keeps its number taken.
constexpr const char* kDeadPacks =
    "SELECT p.pack_id FROM pack AS p"
    " WHERE NOT EXISTS (SELECT 1 FROM extent AS e WHERE e.pack_id = p.pack_id)"
    " AND p.pack_id IS NOT (SELECT max(pack_id) FROM pack WHERE pack_id < ?1)"
    " AND NOT EXISTS (SELECT 1 FROM pack_hole AS h WHERE h.pack_id = p.pack_id"
    "  AND h.freed = 0 AND h.epoch > ?2)";

/// A pack that is named but missing is damage, and no input of the user's.
std::unique_ptr<File> open_pack(const std::string& path) {
  try {
    return file_io().open(path, FileIo::Mode::read_write);
  } catch (const Error& error) {
    if (error.fault() != Fault::no_input) throw;
    throw Error{Fault::data, "the store is damaged: " + std::string{error.what()}};
  }
}

}  // namespace

CollectFree::CollectFree(Store& store, bool overwrite, std::function<bool()> proceed)
    : store_{store}, db_{store.db()}, overwrite_{overwrite}, proceed_{std::move(proceed)} {}

void CollectFree::begin_epoch() {
  WriteTransaction transaction{store_};
  if (overwrite_) db_.exec("UPDATE pack_hole SET overwrite = 1 WHERE freed = 0");
  db_.exec(
      "UPDATE reader_epoch SET epoch = epoch + 1 WHERE EXISTS"
      " (SELECT 1 FROM pack_hole WHERE freed = 0 AND pack_hole.epoch >= reader_epoch.epoch)");
  transaction.commit();
}

void CollectFree::wait_for_readers(double wait_seconds) {
  std::vector<std::int64_t> epochs;
  {
    Statement waiting =
        db_.prepare("SELECT DISTINCT epoch FROM pack_hole WHERE freed = 0 ORDER BY epoch DESC",
                    Scope::owner);
    while (waiting.step()) epochs.push_back(waiting.integer(0));
  }
  const double give_up = steady_seconds() + wait_seconds;
  for (;;) {
    for (const std::int64_t epoch : epochs) {
      if (epoch <= free_to_) return;
      if (!ReaderLease::nobody_before(store_.directory(), epoch)) continue;
      free_to_ = epoch;
      break;
    }
    const bool all = epochs.empty() || free_to_ >= epochs.front();
    if (all || steady_seconds() >= give_up || !proceed_()) return;
    std::this_thread::sleep_for(kReaderPause);
  }
}

bool CollectFree::run(double wait_seconds) {
  begin_epoch();
  store_.renew_lease();
  wait_for_readers(wait_seconds);
  remove_packs();
  return punch_holes();
}

void CollectFree::remove_packs() {
  std::vector<std::int64_t> dead;
  {
    Statement packs = db_.prepare(kDeadPacks, Scope::owner);
    packs.with(kFirstLinkedPack, free_to_);
    while (packs.step()) dead.push_back(packs.integer(0));
  }
  for (const std::int64_t pack_id : dead) remove_pack(pack_id);
}

/// The file goes first: a row without a file and without extents is what the next collection
/// removes, a file without a row would stay.
void CollectFree::remove_pack(std::int64_t pack_id) {
  WriteTransaction transaction{store_};
  Statement still = db_.prepare(std::string{kDeadPacks} + " AND p.pack_id = ?3", Scope::owner);
  if (!still.with(kFirstLinkedPack, free_to_, pack_id).step()) return;
  still.reset();
  Statement holes = db_.prepare(
      "SELECT pack_offset, bytes, overwrite FROM pack_hole WHERE pack_id = ? AND freed = 0",
      Scope::owner);
  holes.with(pack_id);
  const bool linked = pack_id >= kFirstLinkedPack;
  const std::string path =
      linked ? store_.packs().linked_path(pack_id) : store_.packs().path(pack_id);
  std::uint64_t freed = 0;
  std::unique_ptr<File> file;
  while (holes.step()) {
    const PackRange range{pack_id, static_cast<std::uint64_t>(holes.integer(0)),
                          static_cast<std::uint64_t>(holes.integer(1))};
    freed += range.bytes;
    // A linked file is the user's as well: only its name goes.
    if (holes.integer(2) == 0 || linked) continue;
    if (!file) file = open_pack(path);
    overwrite(*file, range);
  }
  holes.reset();
  if (file) file->sync();
  file.reset();
  file_io().remove(path);
  file_io().sync_directory(store_.directory() + "/packs");
  db_.prepare("DELETE FROM pack_hole WHERE pack_id = ?", Scope::owner).run(pack_id);
  db_.prepare("DELETE FROM pack WHERE pack_id = ?", Scope::owner).run(pack_id);
  transaction.commit();
  bytes_freed_ += freed;
  ++packs_removed_;
}

bool CollectFree::punch_holes() {
  std::vector<std::int64_t> packs;
  {
    Statement rows = db_.prepare(
        "SELECT DISTINCT pack_id FROM pack_hole WHERE freed = 0 AND epoch <= ?1"
        " AND pack_id < ?2 ORDER BY pack_id",
        Scope::owner);
    rows.with(free_to_, kFirstLinkedPack);
    while (rows.step()) packs.push_back(rows.integer(0));
  }
  for (const std::int64_t pack_id : packs) do {
      if (!proceed_()) return false;
    } while (punch_portion(pack_id));
  return true;
}

std::vector<CollectFree::Hole> CollectFree::next_holes(std::int64_t pack_id) {
  std::vector<Hole> holes;
  // In a pack that cannot have holes, only zeros are still to be written.
  Statement rows = db_.prepare(
      "SELECT pack_offset, bytes, overwrite FROM pack_hole WHERE pack_id = ?1 AND freed = 0"
      " AND epoch <= ?2 AND overwrite >= ?3 ORDER BY pack_offset LIMIT ?4",
      Scope::owner);
  rows.with(pack_id, free_to_, solid_.contains(pack_id) ? 1 : 0, kHolesPerPortion);
  std::uint64_t to_overwrite = 0;
  while (to_overwrite < kBytesPerPortion && rows.step()) {
    holes.push_back({{pack_id, static_cast<std::uint64_t>(rows.integer(0)),
                      static_cast<std::uint64_t>(rows.integer(1))},
                     rows.integer(2) != 0});
    if (holes.back().overwrite) to_overwrite += holes.back().range.bytes;
  }
  return holes;
}

bool CollectFree::punch_portion(std::int64_t pack_id) {
  WriteTransaction transaction{store_};
  const std::vector<Hole> holes = next_holes(pack_id);
  if (holes.empty()) return false;
  const auto file = open_pack(store_.packs().path(pack_id));
  FreedHoles freed_holes{db_};
  Statement wiped = db_.prepare(
      "UPDATE pack_hole SET overwrite = 0 WHERE pack_id = ? AND pack_offset = ?", Scope::owner);
  std::uint64_t freed = 0;
  for (const Hole& hole : holes) {
    if (hole.overwrite) overwrite(*file, hole.range);
    if (!solid_.contains(pack_id)) {
      const PackRange merged = freed_holes.add(hole.range);
      const std::uint64_t first =
          std::max(merged.offset, hole.range.offset / kBlockBytes * kBlockBytes);
      const std::uint64_t last = std::min(
          merged.end(), checked_align(hole.range.end(), kBlockBytes, "hole in a pack"));
      if (!file->punch_hole(first, last - first)) {
        // Nothing is freed here: the rows go back to what they were.
        solid_.insert(pack_id);
        return true;
      }
      freed += hole.range.bytes;
    } else {
      wiped.run(pack_id, hole.range.offset);
    }
  }
  file->sync();
  transaction.commit();
  bytes_freed_ += freed;
  return true;
}

void CollectFree::overwrite(File& file, const PackRange& range) {
  static constexpr std::array<std::uint8_t, kBlockBytes> kZeros{};
  for (std::uint64_t at = range.offset; at < range.end(); at += kZeros.size())
    file.write_at(
        at, ByteView{kZeros}.first(std::min<std::uint64_t>(kZeros.size(), range.end() - at)));
}

std::uint64_t CollectFree::bytes_waiting() {
  const auto all = static_cast<std::uint64_t>(
      db_.query_integer("SELECT COALESCE(SUM(bytes), 0) FROM pack_hole"
                        " WHERE freed = 0 AND pack_id < " +
                        std::to_string(kFirstLinkedPack)));
  return all - bytes_kept();
}

std::uint64_t CollectFree::bytes_kept() {
  std::uint64_t kept = 0;
  for (const std::int64_t pack_id : solid_) kept += dead_bytes(pack_id);
  return kept;
}

std::uint64_t CollectFree::dead_bytes(std::int64_t pack_id) {
  Statement sum = db_.prepare(
      "SELECT COALESCE(SUM(bytes), 0) FROM pack_hole"
      " WHERE pack_id = ? AND freed = 0 AND epoch <= ?",
      Scope::owner);
  sum.with(pack_id, free_to_).step();
  return static_cast<std::uint64_t>(sum.integer(0));
}

bool CollectFree::rewrite_packs() {
  bool copied = false;
  const std::int64_t newest = db_.query_integer(
      "SELECT max(pack_id) FROM pack WHERE pack_id < " + std::to_string(kFirstLinkedPack));
  for (const std::int64_t pack_id : solid_) {
    Statement size = db_.prepare("SELECT bytes FROM pack WHERE pack_id = ?", Scope::owner);
    if (pack_id == newest || !size.with(pack_id).step()) continue;
    const auto bytes = static_cast<std::uint64_t>(size.integer(0));
    size.reset();
    if (dead_bytes(pack_id) <= bytes / 2) continue;
    for (std::int64_t after = 0; proceed_() && rewrite_portion(pack_id, after);) copied = true;
  }
  return copied;
}

bool CollectFree::rewrite_portion(std::int64_t pack_id, std::int64_t& after) {
  WriteTransaction transaction{store_};
  std::vector<ExtentRecord> extents;
  {
    Statement rows = db_.prepare(std::string{"SELECT "} + kExtentColumns +
                                     " FROM extent WHERE pack_id = ? AND extent_id > ?"
                                     " ORDER BY extent_id LIMIT ?",
                                 Scope::owner);
    rows.with(pack_id, after, kHolesPerPortion);
    std::uint64_t bytes = 0;
    while (bytes < kBytesPerPortion && rows.step()) {
      extents.push_back(read_extent(rows, 0));
      bytes += extents.back().stored_bytes;
    }
  }
  if (extents.empty()) return false;
  after = extents.back().extent_id;
  Statement add_pack = db_.prepare(
      "INSERT INTO pack (pack_id, bytes) VALUES (?, 64) ON CONFLICT DO NOTHING", Scope::owner);
  Statement move = db_.prepare(
      "UPDATE extent SET pack_id = ?, pack_offset = ? WHERE extent_id = ?", Scope::owner);
  HoleWriter holes{db_, overwrite_};
  for (const ExtentRecord& extent : extents) {
    const ByteView stored = store_.packs().stored(extent);
    // A damaged one stays where it is: copied, it would pass for sound.
    if (crypto::crc32c(stored) != extent.checksum) continue;
    const ExtentRecord copy = store_.packs().append_stored(extent, stored);
    add_pack.run(copy.pack_id);
    move.run(copy.pack_id, copy.pack_offset, copy.extent_id);
    holes.add(extent_range(extent.pack_id, extent.pack_offset, extent.stored_bytes));
  }
  transaction.commit();
  return true;
}

}  // namespace hart::store
