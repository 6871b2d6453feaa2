#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/value.h"
#include "prov/graph/edge_types.h"

namespace hart::prov {

/// The numbers of types of relationships. Types of the users' own are numbered as they are met.
class EdgeTypes {
 public:
  [[nodiscard]] std::uint32_t number(std::string_view name);
  [[nodiscard]] const std::string& name(std::uint32_t number) const;

 private:
  std::map<std::string, std::uint32_t, std::less<>> own_;
  std::vector<std::string> names_{kEdgeTypeNames.begin(), kEdgeTypeNames.end()};
};

/// The tables of the atom graph whose rows are relationships.
enum class EdgeTable : std::int64_t { relation, component, layer, tensor, model };

/// What names a row of one: source, target and type of a relation; the whole and the position
/// of a part; the entity of a model.
struct EdgeRow {
  EdgeTable table = EdgeTable::relation;
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::int64_t third = 0;
  auto operator<=>(const EdgeRow&) const = default;
};

/// Numbers for relationships that have none of their own. Small keys are packed into the
/// number, the others are numbered as they are met.
class EdgeNumbers {
 public:
  [[nodiscard]] cypher::EdgeId number(const EdgeRow& row);
  /// The row behind a number that `number` gave.
  [[nodiscard]] EdgeRow row(cypher::EdgeId edge) const;

 private:
  std::map<EdgeRow, cypher::EdgeId> met_;
  std::vector<EdgeRow> rows_;
};

}  // namespace hart::prov
