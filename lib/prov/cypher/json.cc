#include "prov/cypher/json.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "core/error.h"
#include "prov/cypher/temporal.h"

namespace hart::prov::cypher {
namespace {

Json map_json(const Map& map, const Graph& graph) {
  Json json = Json::object();
  for (const auto& [key, value] : map) json[key] = value_json(value, graph);
  return json;
}

Json node_json(NodeId node, const Graph& graph) {
  return {{"id", node},
          {"labels", graph.labels(node)},
          {"properties", map_json(graph.node_properties(node), graph)}};
}

Json edge_json(const Edge& edge, const Graph& graph) {
  return {{"id", edge.id},
          {"start", edge.start},
          {"end", edge.end},
          {"relationship", graph.type_name(edge.type)},
          {"properties", map_json(graph.edge_properties(edge), graph)}};
}

Json path_json(const Path& path, const Graph& graph) {
  Json nodes = Json::array();
  for (const NodeId node : path.nodes) nodes.push_back(node_json(node, graph));
  Json edges = Json::array();
  for (const Edge& edge : path.edges) edges.push_back(edge_json(edge, graph));
  return {{"nodes", std::move(nodes)}, {"relationships", std::move(edges)}};
}

Json number_json(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return number;
}

Value nested_value(const Json& json, std::uint32_t depth);

Value array_value(const Json& json, std::uint32_t depth) {
  List list;
  list.reserve(json.size());
  for (const Json& item : json) list.push_back(nested_value(item, depth));
  return list;
}

Value object_value(const Json& json, std::uint32_t depth) {
  Map map;
  for (auto item = json.begin(); item != json.end(); ++item)
    map.emplace(item.key(), nested_value(item.value(), depth));
  return map;
}

/// What stands within `depth` lists and maps. The depth is looked at on the way down: the
/// stack would not hold all that JSON may nest.
Value nested_value(const Json& json, std::uint32_t depth) {
  if (depth > Value::kMaxDepth)
    throw Error{Fault::data, "a value nests deeper than " + std::to_string(Value::kMaxDepth) +
                                 " lists and maps"};
  switch (json.type()) {
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::number_integer:
      return json.get<std::int64_t>();
    case Json::value_t::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        throw Error{Fault::data, "the integer " + std::to_string(number) +
                                     " does not fit into 64 bits with a sign"};
      return static_cast<std::int64_t>(number);
    }
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string:
      return json.get<std::string>();
    case Json::value_t::array:
      return array_value(json, depth + 1);
    case Json::value_t::object:
      return object_value(json, depth + 1);
    default:
      return {};
  }
}

}  // namespace

Json value_json(const Value& value, const Graph& graph) {
  switch (value.kind()) {
    case Kind::null:
      return nullptr;
    case Kind::boolean:
      return value.boolean();
    case Kind::integer:
      return value.integer();
    case Kind::floating:
      return number_json(value.floating());
    case Kind::string:
      return value.string();
    case Kind::list: {
      Json list = Json::array();
      for (const Value& item : value.list()) list.push_back(value_json(item, graph));
      return list;
    }
    case Kind::map:
      return map_json(value.map(), graph);
    case Kind::node:
      return node_json(value.node().id, graph);
    case Kind::relationship:
      return edge_json(value.edge(), graph);
    case Kind::path:
      return path_json(value.path(), graph);
    case Kind::duration:
      return duration_text(value.duration());
    default:
      return temporal_text(value.temporal());
  }
}

Value json_value(const Json& json) {
  return nested_value(json, 0);
}

}  // namespace hart::prov::cypher
