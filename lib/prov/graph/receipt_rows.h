#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/id.h"
#include "prov/graph/used_atoms.h"
#include "store/store.h"

namespace hart::prov {

/// Rows of one receipt in the order of their numbers, as many as a window holds: what is asked
/// for next mostly stands there already.
template <typename Row> class RowWindow {
 public:
  static constexpr std::size_t kRows = 256;

  /// The rows of `stream` whose number is `first` or greater: none only when there is none.
  /// `load(rows)` fills in kRows of them, or all that there are. They live until the next call.
  template <typename Load>
  std::span<const Row> from(std::int64_t stream, std::int64_t first, const Load& load) {
    const bool holds = stream_ == stream && first >= first_ &&
                       (whole_ || (!rows_.empty() && first <= rows_.back().number));
    if (!holds) {
      forget();
      load(rows_);
      stream_ = stream;
      first_ = first;
      whole_ = rows_.size() < kRows;
    }
    const auto begin = std::ranges::lower_bound(rows_, first, {}, &Row::number);
    return {begin, rows_.end()};
  }

  void forget() noexcept {
    stream_ = 0;
    rows_.clear();
  }

 private:
  std::int64_t stream_ = 0;  ///< 0: none
  std::int64_t first_ = 0;
  bool whole_ = false;  ///< whether nothing comes after them
  std::vector<Row> rows_;
};

/// What the tables of the graph say of a receipt. What was read last is kept, so that the
/// relationships of a receipt and their properties cost one statement a table.
class ReceiptRows {
 public:
  explicit ReceiptRows(store::Store& store);

  struct Used {
    std::int64_t number = 0;  ///< sequence
    Id atom;
    double weight = 0;
  };
  /// Those of a role from `first` on, of the ones that have a number in the graph. They live
  /// until the next call for the role.
  [[nodiscard]] std::span<const Used> used(std::int64_t stream, AtomRole role,
                                           std::int64_t first);

  /// How many numbers the hits of several searches take up, from kFirstHit on.
  [[nodiscard]] std::uint32_t hits(std::int64_t stream);

  struct Influence {
    std::int64_t number = 0;  ///< rank
    std::int64_t earlier_stream = 0;
    double strength = 0;
  };
  /// They live until the next call.
  [[nodiscard]] std::span<const Influence> influences(std::int64_t stream, std::int64_t first);

  struct Summary {
    std::optional<double> confidence, grounding, support;
    std::optional<std::int64_t> reasoning_entity;
  };
  /// Of a receipt that is not derived yet, nothing. It lives until the next call.
  [[nodiscard]] const Summary& summary(std::int64_t stream);

  /// Everything is read anew from here on.
  void forget() noexcept;

 private:
  static constexpr std::size_t kRoles = 3;

  store::Statement used_, last_hit_, influences_, summary_;
  std::array<RowWindow<Used>, kRoles> used_rows_;
  RowWindow<Influence> influence_rows_;
  std::int64_t summary_stream_ = 0;
  Summary last_summary_;
};

}  // namespace hart::prov
