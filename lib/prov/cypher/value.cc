#include "prov/cypher/value.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace hart::prov::cypher {

namespace {

std::uint32_t checked_depth(std::uint32_t deepest_item) {
  if (deepest_item >= Value::kMaxDepth)
    throw Error{Fault::data, "a value nests deeper than " + std::to_string(Value::kMaxDepth) +
                                 " lists and maps"};
  return deepest_item + 1;
}

}  // namespace

std::string_view kind_name(Kind kind) noexcept {
  static constexpr std::array<std::string_view, 16> kNames{
      "a map",     "a node",      "a relationship",  "a list",
      "a path",    "a datetime",  "a localdatetime", "a date",
      "a time",    "a localtime", "a duration",      "a string",
      "a boolean", "an integer",  "a float",         "null"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::uint32_t Value::depth() const noexcept {
  if (const auto* list = std::get_if<SharedList>(&held_)) return (*list)->depth;
  if (const auto* map = std::get_if<SharedMap>(&held_)) return (*map)->depth;
  return 0;
}

Value::Value(List value) {
  std::uint32_t deepest = 0;
  for (const Value& item : value) deepest = std::max(deepest, item.depth());
  held_ = std::make_shared<const Nested<List>>(
      Nested<List>{std::move(value), checked_depth(deepest)});
}

Value::Value(Map value) {
  std::uint32_t deepest = 0;
  for (const auto& [key, item] : value) deepest = std::max(deepest, item.depth());
  held_ = std::make_shared<const Nested<Map>>(
      Nested<Map>{std::move(value), checked_depth(deepest)});
}

Kind Value::kind() const noexcept {
  static constexpr std::array<Kind, 12> kKinds{
      Kind::null,         Kind::boolean, Kind::integer, Kind::floating,
      Kind::string,       Kind::list,    Kind::map,     Kind::node,
      Kind::relationship, Kind::path,    Kind::date,    Kind::duration};
  if (const auto* time = std::get_if<SharedTime>(&held_))
    return static_cast<Kind>(static_cast<int>(Kind::datetime) +
                             static_cast<int>((*time)->kind));
  return kKinds[held_.index()];
}

double Value::number() const {
  return kind() == Kind::integer ? static_cast<double>(integer()) : floating();
}

}  // namespace hart::prov::cypher
