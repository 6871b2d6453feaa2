// Packs, and where extents and holes lie in them.

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "store/extent_reader.h"
#include "store/file_io.h"
#include "store/fsck_report.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;

std::string pack_label(std::int64_t pack_id) {
  return "pack " + std::to_string(pack_id);
}

std::string pack_file(Store& store, std::int64_t pack_id) {
  return pack_id >= kFirstLinkedPack ? store.packs().linked_path(pack_id)
                                     : store.packs().path(pack_id);
}

void check_pack_file(FsckReport& report, std::int64_t pack_id, std::uint64_t bytes) {
  const std::string path = pack_file(report.store(), pack_id);
  try {
    const auto file = file_io().open(path, FileIo::Mode::read);
    if (file->size() < bytes)
      report.find("has " + std::to_string(file->size()) + " bytes, but the catalog refers to " +
                      std::to_string(bytes),
                  pack_label(pack_id));
    if (pack_id >= kFirstLinkedPack) return;
    std::array<std::uint8_t, kPackHeaderBytes> header{};
    file->read_at(0, header);
    if (header != pack_header(pack_id))
      report.find("its header is not that of this pack", pack_label(pack_id));
  } catch (const Error& error) {
    if (error.fault() != Fault::no_input && error.fault() != Fault::data) throw;
    report.find(error.what(), pack_label(pack_id));
  }
}

/// Files in `packs` that no row names: a writer or a collection was interrupted.
void find_leftovers(FsckReport& report) {
  std::set<std::string> named;
  Statement packs = report.db().prepare("SELECT pack_id FROM pack", Scope::owner);
  while (packs.step()) named.insert(pack_file(report.store(), packs.integer(0)));
  std::error_code error;
  for (const auto& entry :
       fs::directory_iterator{report.store().directory() + "/packs", error}) {
    const std::string path =
        report.store().directory() + "/packs/" + entry.path().filename().string();
    if (!named.contains(path)) report.leftovers.push_back(path);
  }
  std::sort(report.leftovers.begin(), report.leftovers.end());
  report.totals.leftovers = report.leftovers.size();
}

/// Goes through the places of one kind in the order of packs and offsets.
class Places {
 public:
  Places(Connection& db, const char* sql) : rows_{db.prepare(sql, Scope::owner)} { next(); }

  struct Place {
    PackRange range;
    std::int64_t id = 0;
    std::uint64_t pack_bytes = 0;
    bool extent = false;
  };
  [[nodiscard]] const std::optional<Place>& current() const noexcept { return current_; }
  void next() {
    current_.reset();
    if (!rows_.step()) return;
    const bool extent = !rows_.is_null(0);
    current_ = Place{{rows_.integer(1), static_cast<std::uint64_t>(rows_.integer(2)),
                      static_cast<std::uint64_t>(rows_.integer(3))},
                     rows_.integer(0),
                     static_cast<std::uint64_t>(rows_.integer(4)),
                     extent};
    if (!extent) return;
    ExtentRecord record;
    record.pack_id = current_->range.pack_id;
    record.pack_offset = current_->range.offset;
    if (record.pack_id >= kFirstLinkedPack ||
        record.pack_offset >= kPackHeaderBytes + kExtentHeaderBytes)
      current_->range = extent_range(record.pack_id, record.pack_offset, current_->range.bytes);
  }

 private:
  Statement rows_;
  std::optional<Place> current_;
};

bool before(const PackRange& a, const PackRange& b) {
  return a.pack_id != b.pack_id ? a.pack_id < b.pack_id : a.offset < b.offset;
}

std::string place_label(const Places::Place& place) {
  const std::string where = " in pack " + std::to_string(place.range.pack_id) + " at offset ";
  if (!place.extent) return "hole" + where + std::to_string(place.range.offset);
  const bool linked = place.range.pack_id >= kFirstLinkedPack;
  return "extent " + std::to_string(place.id) + where +
         std::to_string(place.range.offset + (linked ? 0 : kExtentHeaderBytes));
}

class PlaceChecker {
 public:
  explicit PlaceChecker(FsckReport& report) : report_{report} {}

  void visit(const Places::Place& place) {
    const bool linked = place.range.pack_id >= kFirstLinkedPack;
    if (place.range.end() > place.pack_bytes || (!linked && place.range.offset < 64))
      report(place, "lies outside of its pack");
    // Tensors of a linked file may share bytes.
    if (!linked && last_ && last_->range.pack_id == place.range.pack_id &&
        last_->range.end() > place.range.offset) {
      const std::string what = "overlaps with ";
      if (!last_->extent && place.extent) {
        report(*last_, what + place_label(place));
      } else {
        report(place, what + place_label(*last_));
      }
    }
    if (!last_ || last_->range.pack_id != place.range.pack_id ||
        place.range.end() >= last_->range.end())
      last_ = place;
  }

 private:
  void report(const Places::Place& place, const std::string& what) {
    if (!place.extent) report_.false_holes.push_back(place.range);
    report_.find(what, place_label(place), place.extent ? Repair::none : Repair::hole);
  }

  FsckReport& report_;
  std::optional<Places::Place> last_;
};

}  // namespace

void check_packs(FsckReport& report) {
  Statement packs = report.db().prepare(
      "SELECT pack_id, bytes, EXISTS (SELECT 1 FROM extent AS e WHERE e.pack_id = p.pack_id),"
      " pack_id IS (SELECT max(pack_id) FROM pack WHERE pack_id < ?) FROM pack AS p"
      " ORDER BY pack_id",
      Scope::owner);
  packs.with(kFirstLinkedPack);
  while (packs.step()) {
    const std::int64_t pack_id = packs.integer(0);
    std::error_code error;
    // A collection removes the file of a dead pack before its row.
    const bool dead = packs.integer(2) == 0 && packs.integer(3) == 0;
    if (dead && !fs::exists(pack_file(report.store(), pack_id), error)) continue;
    check_pack_file(report, pack_id, static_cast<std::uint64_t>(packs.integer(1)));
  }
  find_leftovers(report);
}

void check_places(FsckReport& report) {
  Places extents{report.db(),
                 "SELECT e.extent_id, e.pack_id, e.pack_offset, e.stored_bytes, p.bytes"
                 " FROM extent AS e JOIN pack AS p ON p.pack_id = e.pack_id"
                 " ORDER BY e.pack_id, e.pack_offset"};
  Places holes{report.db(),
               "SELECT NULL, h.pack_id, h.pack_offset, h.bytes, COALESCE(p.bytes, 0)"
               " FROM pack_hole AS h LEFT JOIN pack AS p ON p.pack_id = h.pack_id"
               " ORDER BY h.pack_id, h.pack_offset"};
  PlaceChecker checker{report};
  while (extents.current() || holes.current()) {
    Places& first = !holes.current() || (extents.current() && before(extents.current()->range,
                                                                     holes.current()->range))
                        ? extents
                        : holes;
    checker.visit(*first.current());
    first.next();
  }
}

}  // namespace hart::store
