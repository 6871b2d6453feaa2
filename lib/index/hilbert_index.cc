#include "index/hilbert_index.h"

#include <algorithm>
#include <queue>
#include <string>
#include <tuple>
#include <unordered_set>

#include "core/clock.h"
#include "core/endian.h"
#include "core/error.h"
#include "crypto/crc32c.h"
#include "geometry/hilbert.h"
#include "geometry/projection.h"

namespace hart::index {
namespace {

using geometry::PointZM;
using store::Scope;
using store::Statement;

/// Copies of the curve, 16 bytes a vector each. Of 100 k text embeddings (384-d, PCA map, 1 000
/// candidates) one copy finds .169 of the true ten nearest, two .186, eight .190, the R-tree,
/// which knows the nearest places, .200.
constexpr int kCurves = 8;

/// Entries of a block: 16 KiB, a quarter of one of index.db's pages.
constexpr std::size_t kBlockEntries = 1024;

/// A vector's position on one curve.
struct Entry {
  std::uint64_t key = 0;
  std::int64_t id = 0;
};
constexpr std::size_t kEntryBytes = 16;

std::uint64_t key_of(const PointZM& point, int curve) {
  return geometry::shifted_hilbert_index(geometry::Projection::box(), point, curve);
}

std::vector<Entry> sorted_along(const std::vector<SpatialItem>& items, int curve) {
  std::vector<Entry> entries;
  entries.reserve(items.size());
  for (const SpatialItem& item : items) entries.push_back({key_of(item.point, curve), item.id});
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.key, a.id) < std::tie(b.key, b.id);
  });
  return entries;
}

ByteBuffer encode_entries(const Entry* begin, std::size_t n) {
  ByteBuffer bytes;
  bytes.reserve(n * kEntryBytes);
  for (std::size_t i = 0; i < n; ++i) {
    append_le(bytes, begin[i].key);
    append_le(bytes, begin[i].id);
  }
  return bytes;
}

/// A generation's table: the blocks of all curves, one curve after the other, each in ascending
/// order of the keys.
class CurveTable {
 public:
  CurveTable(store::Connection& db, std::string name)
      : name_{std::move(name)},
        find_{db.prepare(
            "SELECT max(position) FROM " + name_ + " WHERE curve = ?1 AND first_key <= ?2",
            Scope::owner)},
        first_{db.prepare("SELECT min(position) FROM " + name_ + " WHERE curve = ?1",
                          Scope::owner)},
        read_{db.prepare(
            "SELECT entries, checksum FROM " + name_ + " WHERE position = ?1 AND curve = ?2",
            Scope::owner)} {}

  /// The last block of `curve` that begins at or before `key`, or else its first.
  std::int64_t block_of(int curve, std::uint64_t key) {
    find_.with(curve, key);
    if (find_.step() && !find_.is_null(0)) return find_.integer(0);
    first_.with(curve);
    if (!first_.step() || first_.is_null(0)) damaged();
    return first_.integer(0);
  }

  /// The entries of a block; none when the curve has no such block.
  std::vector<Entry> read(int curve, std::int64_t position) {
    if (!read_.with(position, curve).step()) return {};
    const ByteView bytes = read_.blob(0);
    if (bytes.empty() || bytes.size() % kEntryBytes != 0 ||
        crypto::crc32c(bytes) != static_cast<std::uint64_t>(read_.integer(1)))
      damaged();
    std::vector<Entry> entries(bytes.size() / kEntryBytes);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::uint8_t* data = bytes.data() + i * kEntryBytes;
      entries[i] = {load_le<std::uint64_t>(data), load_le<std::int64_t>(data + 8)};
    }
    return entries;
  }

 private:
  [[noreturn]] void damaged() const {
    throw Error{Fault::data, "index.db: a block of " + name_ + " is damaged"};
  }

  std::string name_;
  Statement find_;
  Statement first_;
  Statement read_;
};

/// Walks one curve away from a key, up or down.
class CurveWalk {
 public:
  CurveWalk(CurveTable& table, int curve, std::uint64_t key, bool up)
      : table_{&table}, curve_{curve}, key_{key}, up_{up}, block_{table.block_of(curve, key)} {
    entries_ = table.read(curve, block_);
    const auto above =
        std::lower_bound(entries_.begin(), entries_.end(), key,
                         [](const Entry& entry, std::uint64_t k) { return entry.key < k; });
    at_ = above - entries_.begin();
    if (!up) --at_;
    settle();
  }

  [[nodiscard]] bool ended() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::int64_t id() const { return entries_[static_cast<std::size_t>(at_)].id; }
  /// How far the entry is from the key, along the curve.
  [[nodiscard]] std::uint64_t distance() const {
    const std::uint64_t key = entries_[static_cast<std::size_t>(at_)].key;
    return up_ ? key - key_ : key_ - key;
  }
  void next() {
    at_ += up_ ? 1 : -1;
    settle();
  }

 private:
  /// Goes on to the next block when the walk has left this one.
  void settle() {
    if (entries_.empty()) return;
    if (at_ >= 0 && at_ < static_cast<std::int64_t>(entries_.size())) return;
    block_ += up_ ? 1 : -1;
    entries_ = table_->read(curve_, block_);
    at_ = up_ ? 0 : static_cast<std::int64_t>(entries_.size()) - 1;
  }

  CurveTable* table_;
  int curve_;
  std::uint64_t key_;
  bool up_;
  std::int64_t block_;
  std::vector<Entry> entries_;  ///< of the block; none behind the curve's end
  std::int64_t at_ = 0;
};

/// Visits vectors outward from `place`, each once, least distance along any curve first, until
/// `visit` returns false.
template <typename Visit>
void walk_outward(CurveTable& table, const PointZM& place, int curves, Visit visit) {
  std::vector<CurveWalk> walks;
  for (int curve = 0; curve < curves; ++curve)
    for (const bool up : {false, true})
      walks.emplace_back(table, curve, key_of(place, curve), up);
  using Next = std::pair<std::uint64_t, std::size_t>;  // distance, walk
  std::priority_queue<Next, std::vector<Next>, std::greater<>> queue;
  for (std::size_t i = 0; i < walks.size(); ++i)
    if (!walks[i].ended()) queue.emplace(walks[i].distance(), i);
  std::unordered_set<std::int64_t> seen;
  while (!queue.empty()) {
    const std::size_t i = queue.top().second;
    queue.pop();
    CurveWalk& walk = walks[i];
    if (seen.insert(walk.id()).second && !visit(walk.id())) return;
    walk.next();
    if (!walk.ended()) queue.emplace(walk.distance(), i);
  }
}

}  // namespace

IndexInfo build_hilbert_index(store::Store& store, const store::EmbeddingModel& model,
                              const std::function<void(std::uint64_t)>& progress) {
  const SpatialItems gathered = gather_spatial_items(store, model);
  const std::uint64_t n = gathered.items.size();
  GenerationWriter writer{store, model, IndexKind::hilbert};
  store::Connection& db = store.index_db();
  db.exec("CREATE TABLE " + writer.table() +
          " (position INTEGER PRIMARY KEY, curve INTEGER NOT NULL, first_key INTEGER NOT NULL,"
          " entries BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;"
          " CREATE INDEX " +
          writer.table() + "_by_key ON " + writer.table() + " (curve, first_key)");
  {
    Statement insert =
        db.prepare("INSERT INTO " + writer.table() +
                       " (curve, first_key, entries, checksum) VALUES (?1, ?2, ?3, ?4)",
                   Scope::owner);
    for (int curve = 0; curve < kCurves; ++curve) {
      const std::vector<Entry> entries = sorted_along(gathered.items, curve);
      for (std::size_t at = 0; at < entries.size(); at += kBlockEntries) {
        const ByteBuffer bytes =
            encode_entries(&entries[at], std::min(kBlockEntries, entries.size() - at));
        insert.run(curve, entries[at].key, bytes,
                   static_cast<std::int64_t>(crypto::crc32c(bytes)));
      }
      if (progress) progress(n * static_cast<std::uint64_t>(curve + 1) / kCurves);
    }
  }
  return writer.commit(
      static_cast<std::int64_t>(n), gathered.last_embedding_id,
      {{"projection_version", gathered.projection_version}, {"curves", kCurves}});
}

std::vector<Neighbor> hilbert_search(store::Store& store, const store::EmbeddingModel& model,
                                     const IndexInfo& index, const VectorQuery& query,
                                     std::size_t candidates, unsigned threads,
                                     SpatialReport* report) {
  require_vector(model, query.vector);
  SpatialReport ignored;
  SpatialReport& said = report == nullptr ? ignored : *report;
  said = {};
  const store::Snapshot snapshot{store.db()};
  require_generation(store, index);
  const int curves = index.parameters.value("curves", 0);
  if (curves < 1 || curves > geometry::kMaxShiftedCurves)
    throw Error{Fault::data,
                "the Hilbert index says it has " + std::to_string(curves) + " curves"};
  const PointZM place = place_in_index(store, model, index, query.vector);
  TopK nearest{query.k};
  const double started = steady_seconds();
  {
    CandidateReranker reranker{store, query, candidates, nearest, said};
    const store::Snapshot index_snapshot{store.index_db()};
    CurveTable table{store.index_db(), generation_table(IndexKind::hilbert, index.generation)};
    walk_outward(table, place, curves, [&](std::int64_t id) { return reranker.offer(id); });
  }
  said.candidates_s = steady_seconds() - started;
  scan_delta(store, model, index, query, threads, nearest, said);
  return nearest.sorted();
}

}  // namespace hart::index
