#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "geometry/point.h"
#include "store/object_access.h"
#include "store/store.h"

namespace hart::store {

/// A directed edge of the atom graph. Source, type and target name it: a tenant has one edge of
/// a type from one atom to another.
struct Relation {
  std::int64_t source_atom_id = 0;
  std::int64_t target_atom_id = 0;
  std::string type;   ///< 1 … 128 characters
  double weight = 1;  ///< above 0, finite
  /// Where the two ends lay in the map of an embedding model when the edge was put: of the
  /// tenant's oldest model that had placed both. Nothing when none had.
  std::optional<std::array<geometry::PointZM, 2>> ends;
  TimeUs created = 0;
};

enum class PutRelation { added, changed, unchanged };
/// "added", "changed", "unchanged".
[[nodiscard]] std::string_view put_relation_name(PutRelation outcome) noexcept;

/// Throws Error(data) on a type or a weight that no edge can have.
void check_relation(std::string_view type, double weight);

/// Writes edges of the acting tenant, with statements prepared once. Use it inside one
/// WriteTransaction.
class RelationWriter {
 public:
  explicit RelationWriter(Store& store);

  /// Adds the edge, or sets the weight and the ends of the one that is there. Throws
  /// Error(data) as `check_relation` does, Error(no_input) when the tenant does not hold both
  /// atoms, Error(denied) when it may only read one; nothing is written then.
  PutRelation put(std::int64_t source, std::int64_t target, std::string_view type,
                  double weight);
  /// False when there is no such edge. Throws Error(denied) as `put` does.
  bool remove(std::int64_t source, std::int64_t target, std::string_view type);

 private:
  void check_held(std::int64_t atom_id);
  [[nodiscard]] std::optional<ByteBuffer> expression(std::int64_t source, std::int64_t target);

  Store& store_;
  TimeUs now_;
  AtomAccess access_;
  Statement held_;
  Statement ends_;
  Statement find_;
  Statement put_;
  Statement remove_;
};

/// Which edges; what is not set is not asked for.
struct RelationFilter {
  std::optional<std::int64_t> source_atom_id;
  std::optional<std::int64_t> target_atom_id;
  std::optional<std::string> type;
};

/// Visits the acting tenant's edges in ascending order of source, type and target.
void for_each_relation(Store& store, const RelationFilter& filter,
                       const std::function<void(const Relation&)>& visit);

/// The one edge, when there is one.
[[nodiscard]] std::optional<Relation> find_relation(Store& store, std::int64_t source,
                                                    std::int64_t target, std::string_view type);

}  // namespace hart::store
