#include "prov/graph/edge_numbers.h"

#include <algorithm>

#include "prov/graph/node_key.h"

namespace hart::prov {
namespace {

// A packed number: area 1, 3 bits of table, 25 and 25 of keys, 7 of a type.
constexpr int kTableShift = 57;
constexpr int kFirstShift = 32;
constexpr int kSecondShift = 7;
constexpr std::int64_t kKeys = std::int64_t{1} << 25;
constexpr std::int64_t kTypes = std::int64_t{1} << 7;
constexpr std::int64_t kPacked = std::int64_t{1} << kAreaBits;
constexpr std::int64_t kMet = std::int64_t{2} << kAreaBits;

}  // namespace

std::uint32_t EdgeTypes::number(std::string_view name) {
  const auto built_in = std::ranges::find(kEdgeTypeNames, name);
  if (built_in != kEdgeTypeNames.end())
    return static_cast<std::uint32_t>(built_in - kEdgeTypeNames.begin());
  const auto known = own_.find(name);
  if (known != own_.end()) return known->second;
  const auto next = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(name);
  own_.emplace(name, next);
  return next;
}

const std::string& EdgeTypes::name(std::uint32_t number) const {
  return names_.at(number);
}

cypher::EdgeId EdgeNumbers::number(const EdgeRow& row) {
  if (row.first < kKeys && row.second < kKeys && row.third < kTypes)
    return kPacked | static_cast<std::int64_t>(row.table) << kTableShift |
           row.first << kFirstShift | row.second << kSecondShift | row.third;
  const auto next = kMet | static_cast<std::int64_t>(rows_.size());
  const auto [place, added] = met_.try_emplace(row, next);
  if (added) rows_.push_back(row);
  return place->second;
}

EdgeRow EdgeNumbers::row(cypher::EdgeId edge) const {
  if (edge >= kMet) return rows_.at(static_cast<std::size_t>(edge - kMet));
  return {static_cast<EdgeTable>((edge - kPacked) >> kTableShift),
          (edge >> kFirstShift) & (kKeys - 1), (edge >> kSecondShift) & (kKeys - 1),
          edge & (kTypes - 1)};
}

}  // namespace hart::prov
