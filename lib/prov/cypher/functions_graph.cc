#include <array>

#include "prov/cypher/functions.h"

namespace hart::prov::cypher {

namespace {

using GraphArgs = std::span<const Value>;

const Edge& edge_argument(const CallContext& context, const Value& value) {
  if (value.kind() != Kind::relationship) refuse_argument(context, "a relationship", value);
  return value.edge();
}

const Path& path_argument(const CallContext& context, const Value& value) {
  if (value.kind() != Kind::path) refuse_argument(context, "a path", value);
  return value.path();
}

Value labels_function(CallContext& context, GraphArgs args) {
  if (args[0].kind() != Kind::node) refuse_argument(context, "a node", args[0]);
  List names;
  for (std::string& label : context.graph.labels(args[0].node().id))
    names.emplace_back(std::move(label));
  return names;
}

Value type_function(CallContext& context, GraphArgs args) {
  return context.graph.type_name(edge_argument(context, args[0]).type);
}

Value id_function(CallContext& context, GraphArgs args) {
  if (args[0].kind() == Kind::node) return args[0].node().id;
  return edge_argument(context, args[0]).id;
}

Value start_node_function(CallContext& context, GraphArgs args) {
  return Node{edge_argument(context, args[0]).start};
}

Value end_node_function(CallContext& context, GraphArgs args) {
  return Node{edge_argument(context, args[0]).end};
}

Map properties_of(const CallContext& context, const Value& value) {
  switch (value.kind()) {
    case Kind::node:
      return context.graph.node_properties(value.node().id);
    case Kind::relationship:
      return context.graph.edge_properties(value.edge());
    case Kind::map:
      return value.map();
    default:
      refuse_argument(context, "a node, a relationship or a map", value);
  }
}

Value properties_function(CallContext& context, GraphArgs args) {
  return properties_of(context, args[0]);
}

Value keys_function(CallContext& context, GraphArgs args) {
  List keys;
  const Map properties = properties_of(context, args[0]);
  for (const auto& [key, value] : properties) keys.emplace_back(key);
  return keys;
}

Value length_function(CallContext& context, GraphArgs args) {
  return static_cast<std::int64_t>(path_argument(context, args[0]).edges.size());
}

Value nodes_function(CallContext& context, GraphArgs args) {
  List nodes;
  for (const NodeId node : path_argument(context, args[0]).nodes)
    nodes.emplace_back(Node{node});
  return nodes;
}

Value relationships_function(CallContext& context, GraphArgs args) {
  List edges;
  for (const Edge& edge : path_argument(context, args[0]).edges) edges.emplace_back(edge);
  return edges;
}

Value exists_function(CallContext&, GraphArgs args) {
  return args[0].kind() == Kind::boolean ? args[0] : Value{!args[0].is_null()};
}

constexpr StaticType kNodeType{Type::node};
constexpr TypeSet kEdges = types_of(Type::relationship);
constexpr TypeSet kHolders = types_of(Type::node, Type::relationship, Type::map);

constexpr std::array<Function, 12> kGraphFunctions{{
    {"labels", 1, 1, labels_function, {Type::list, Type::string}, types_of(Type::node)},
    {"type", 1, 1, type_function, {Type::string}, kEdges},
    {"id", 1, 1, id_function, {Type::integer}, types_of(Type::node, Type::relationship)},
    {"startnode", 1, 1, start_node_function, kNodeType, kEdges},
    {"endnode", 1, 1, end_node_function, kNodeType, kEdges},
    {"properties", 1, 1, properties_function, {Type::map}, kHolders},
    {"keys", 1, 1, keys_function, {Type::list, Type::string}, kHolders},
    {"length", 1, 1, length_function, {Type::integer}, types_of(Type::path)},
    {"nodes", 1, 1, nodes_function, {Type::list, Type::node}, types_of(Type::path)},
    {"relationships",
     1,
     1,
     relationships_function,
     {Type::list, Type::relationship},
     types_of(Type::path)},
    {"rels",
     1,
     1,
     relationships_function,
     {Type::list, Type::relationship},
     types_of(Type::path)},
    {"exists", 1, 1, exists_function, {Type::boolean}, kAnyType, false},
}};

}  // namespace

std::span<const Function> graph_functions() noexcept {
  return kGraphFunctions;
}

}  // namespace hart::prov::cypher
