#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "prov/graph/edge_scan.h"

namespace hart::prov {

// Where the relationships that a receipt stands for begin among its 2^24 numbers.
inline constexpr std::uint32_t kResultedIn = 0;
inline constexpr std::uint32_t kUsedReasoning = 1;
inline constexpr std::uint32_t kUsedModel = 1u << 16;
inline constexpr std::uint32_t kInfluencedBy = 1u << 17;
inline constexpr std::uint32_t kSupportedBy = 1u << 20;
inline constexpr std::uint32_t kFromAtom = 2u << 20;
inline constexpr std::uint32_t kUsedAtom = 3u << 20;
inline constexpr std::uint32_t kSubject = 4u << 20;
inline constexpr std::uint32_t kHitUsedAtom = 7u << 20;
inline constexpr std::uint32_t kConsideredAlternative = 1u << 23;
// Those of hits stand in the same order after those of subjects.
inline constexpr std::uint32_t kHitsAfter = kHitUsedAtom - kUsedAtom;

[[nodiscard]] constexpr cypher::EdgeId receipt_edge(std::int64_t stream, std::uint32_t first,
                                                    std::uint32_t place) noexcept {
  return receipt_node(stream, first + place);
}

/// One of the relationships from `first` on that evidence has, by the evidence's place.
[[nodiscard]] constexpr cypher::EdgeId evidence_edge(std::int64_t stream, std::uint32_t first,
                                                     std::uint32_t place) noexcept {
  if (place < kFirstHit) return receipt_edge(stream, first, place);
  return receipt_edge(stream, first + kHitsAfter, place - kFirstHit);
}

/// The place that `evidence_edge` was given.
[[nodiscard]] constexpr std::int64_t evidence_place(cypher::EdgeId edge,
                                                    std::uint32_t first) noexcept {
  const std::int64_t place = (edge & (kPlacesPerReceipt - 1)) - std::int64_t{first};
  return place < kHitsAfter ? place : place - kHitsAfter + kFirstHit;
}

/// What is read at a node, and where it goes.
struct EdgeScan::Request {
  cypher::NodeId node = 0;
  NodeKey key;
  std::span<const std::uint32_t> types;  ///< all when empty
  cypher::EdgeCursor& cursor;
  std::span<cypher::Edge> out;
  std::size_t size = 0;
  bool both = false;
  std::function<void(std::int64_t stream, std::uint32_t place)> use{};

  /// The first key of the family's cursor: what has not been read yet begins there.
  [[nodiscard]] std::int64_t& next() noexcept { return cursor.place[1]; }
  [[nodiscard]] bool full() const noexcept { return size == out.size(); }
  [[nodiscard]] std::int64_t room() const noexcept {
    return static_cast<std::int64_t>(out.size() - size);
  }
  void add(const cypher::Edge& edge) { out[size++] = edge; }

  /// Whether a family of a type, or of the users' types, is asked for.
  [[nodiscard]] bool asks_for(std::optional<EdgeType> type) const {
    return types.empty() || !type ||
           std::ranges::find(types, static_cast<std::uint32_t>(*type)) != types.end();
  }

  /// Steps through a statement that is bound by `bind`, again and again until it has no more or
  /// the request is full: rows that lead nowhere may have been among those that fitted.
  template <typename Bind, typename Take>
  void rows(store::Statement& statement, const Bind& bind, const Take& take) {
    std::int64_t limit = 0;
    std::int64_t taken = 0;
    do {
      limit = room();
      bind(limit);
      for (taken = 0; statement.step(); ++taken) take();
      statement.reset();
    } while (taken == limit && !full());
  }

  /// The one relationship of a family that has no more.
  void single(EdgeType type, cypher::EdgeId id, cypher::NodeId start, cypher::NodeId end) {
    if (next() > 0) return;
    next() = 1;
    add({id, start, end, static_cast<std::uint32_t>(type)});
  }

  /// Relationships 0 … count - 1.
  template <typename Make> void run(std::uint32_t count, const Make& make) {
    for (; next() < count && !full(); ++next()) add(make(static_cast<std::uint32_t>(next())));
  }
};

struct EdgeScan::Family {
  NodeKind kind;
  std::optional<EdgeType> type;  ///< nothing for the types of users' relations
  bool outward;
  void (EdgeScan::*read)(Request&);
};

}  // namespace hart::prov
