#include "prov/graph/receipt_rows.h"

#include "prov/graph/node_key.h"
#include "prov/measures.h"

namespace hart::prov {
namespace {

constexpr std::int64_t kEndOfHits = std::int64_t{kFirstHit} + kMostEvidence;

/// Where the numbers of a role end.
constexpr std::int64_t end_of(AtomRole role) {
  return role == AtomRole::evidence ? kEndOfHits : kMostEvidence;
}

}  // namespace

ReceiptRows::ReceiptRows(store::Store& store)
    : used_{store.db().prepare(
          "SELECT sequence, atom_space, atom_hash, weight FROM my_atom_provenance"
          " WHERE generation_stream_id = ? AND role = ?"
          "   AND sequence >= ? AND sequence < ? ORDER BY sequence LIMIT ?")},
      last_hit_{store.db().prepare(
          "SELECT max(sequence) FROM my_atom_provenance"
          " WHERE generation_stream_id = ? AND role = 1 AND sequence >= ? AND sequence < ?")},
      influences_{store.db().prepare(
          "SELECT rank, earlier_stream_id, strength_millionths FROM my_provenance_influence"
          " WHERE later_stream_id = ? AND rank >= ? ORDER BY rank LIMIT ?")},
      summary_{store.db().prepare(
          "SELECT confidence_millionths, grounding_millionths, support_millionths,"
          " reasoning_entity_id FROM my_provenance_summary WHERE generation_stream_id = ?")} {}

std::span<const ReceiptRows::Used> ReceiptRows::used(std::int64_t stream, AtomRole role,
                                                     std::int64_t first) {
  auto& window = used_rows_[static_cast<std::size_t>(role)];
  return window.from(stream, first, [&](std::vector<Used>& rows) {
    used_.with(stream, static_cast<int>(role), first, end_of(role),
               std::uint64_t{RowWindow<Used>::kRows});
    while (used_.step())
      rows.push_back({used_.integer(0),
                      {static_cast<IdSpace>(used_.integer(1)), used_.hash(2)},
                      used_.real(3)});
    used_.reset();
  });
}

std::uint32_t ReceiptRows::hits(std::int64_t stream) {
  last_hit_.with(stream, std::int64_t{kFirstHit}, kEndOfHits);
  const bool any = last_hit_.step() && !last_hit_.is_null(0);
  const std::int64_t count = any ? last_hit_.integer(0) - kFirstHit + 1 : 0;
  last_hit_.reset();
  return static_cast<std::uint32_t>(count);
}

std::span<const ReceiptRows::Influence> ReceiptRows::influences(std::int64_t stream,
                                                                std::int64_t first) {
  return influence_rows_.from(stream, first, [&](std::vector<Influence>& rows) {
    influences_.with(stream, first, std::uint64_t{RowWindow<Influence>::kRows});
    while (influences_.step())
      rows.push_back({influences_.integer(0), influences_.integer(1),
                      from_millionths(influences_.integer(2))});
    influences_.reset();
  });
}

const ReceiptRows::Summary& ReceiptRows::summary(std::int64_t stream) {
  if (summary_stream_ == stream) return last_summary_;
  last_summary_ = {};
  if (summary_.with(stream).step()) {
    const auto share = [this](int column) {
      return summary_.is_null(column)
                 ? std::nullopt
                 : std::optional{from_millionths(summary_.integer(column))};
    };
    last_summary_ = {share(0), share(1), share(2), std::nullopt};
    if (!summary_.is_null(3)) last_summary_.reasoning_entity = summary_.integer(3);
  }
  summary_.reset();
  summary_stream_ = stream;
  return last_summary_;
}

void ReceiptRows::forget() noexcept {
  for (RowWindow<Used>& window : used_rows_) window.forget();
  influence_rows_.forget();
  summary_stream_ = 0;
}

}  // namespace hart::prov
