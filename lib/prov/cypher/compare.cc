#include "prov/cypher/compare.h"

#include <algorithm>
#include <cmath>

#include "prov/cypher/temporal.h"

namespace hart::prov::cypher {

namespace {

template <typename T> int sign_of(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// x86's long double holds every int64 and every double exactly.
long double exact_number(const Value& value) {
  return value.kind() == Kind::integer ? static_cast<long double>(value.integer())
                                       : static_cast<long double>(value.floating());
}

bool is_nan(const Value& value) {
  return value.kind() == Kind::floating && std::isnan(value.floating());
}

int order_edges(const Edge& a, const Edge& b) {
  return sign_of(a.id, b.id);
}

int order_paths(const Path& a, const Path& b) {
  if (const int first = sign_of(a.nodes, b.nodes)) return first;
  for (std::size_t i = 0; i < std::min(a.edges.size(), b.edges.size()); ++i)
    if (const int edge = order_edges(a.edges[i], b.edges[i])) return edge;
  return sign_of(a.edges.size(), b.edges.size());
}

int order_lists(const List& a, const List& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (const int item = order(a[i], b[i])) return item;
  return sign_of(a.size(), b.size());
}

int order_maps(const Map& a, const Map& b) {
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    if (const int key = sign_of(left->first, right->first)) return key;
    if (const int item = order(left->second, right->second)) return item;
  }
  return sign_of(a.size(), b.size());
}

std::optional<bool> equal_lists(const List& a, const List& b) {
  if (a.size() != b.size()) return false;
  bool unknown = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto same = equals(a[i], b[i]);
    if (same == false) return false;
    unknown = unknown || !same;
  }
  return unknown ? std::nullopt : std::optional{true};
}

std::optional<bool> equal_maps(const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  bool unknown = false;
  for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right) {
    if (left->first != right->first) return false;
    const auto same = equals(left->second, right->second);
    if (same == false) return false;
    unknown = unknown || !same;
  }
  return unknown ? std::nullopt : std::optional{true};
}

std::optional<Ordering> compare_lists(const List& a, const List& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const auto item = compare(a[i], b[i]);
    if (item != Ordering::equal) return item;
  }
  if (a.size() == b.size()) return Ordering::equal;
  return a.size() < b.size() ? Ordering::less : Ordering::greater;
}

int order_numbers(const Value& a, const Value& b) {
  if (is_nan(a) || is_nan(b)) return static_cast<int>(is_nan(a)) - static_cast<int>(is_nan(b));
  return sign_of(exact_number(a), exact_number(b));
}

}  // namespace

std::optional<bool> equals(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return std::nullopt;
  if (a.is_number() && b.is_number())
    return !is_nan(a) && !is_nan(b) && exact_number(a) == exact_number(b);
  if (a.kind() != b.kind()) return false;
  if (a.kind() == Kind::list) return equal_lists(a.list(), b.list());
  if (a.kind() == Kind::map) return equal_maps(a.map(), b.map());
  return order(a, b) == 0;
}

std::optional<Ordering> compare(const Value& a, const Value& b) {
  const auto from_sign = [](int sign) {
    return sign < 0 ? Ordering::less : sign > 0 ? Ordering::greater : Ordering::equal;
  };
  if (a.is_number() && b.is_number()) {
    if (is_nan(a) || is_nan(b)) return Ordering::unordered;
    return from_sign(order_numbers(a, b));
  }
  if (a.kind() != b.kind()) return std::nullopt;
  if (a.kind() == Kind::list) return compare_lists(a.list(), b.list());
  if (a.kind() == Kind::string || a.kind() == Kind::boolean || a.is_temporal())
    return from_sign(order(a, b));
  return std::nullopt;
}

int order(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return order_numbers(a, b);
  if (a.kind() != b.kind()) return sign_of(a.kind(), b.kind());
  switch (a.kind()) {
    case Kind::null:
      return 0;
    case Kind::boolean:
      return sign_of(a.boolean(), b.boolean());
    case Kind::string:
      return sign_of(a.string(), b.string());
    case Kind::list:
      return order_lists(a.list(), b.list());
    case Kind::map:
      return order_maps(a.map(), b.map());
    case Kind::node:
      return sign_of(a.node().id, b.node().id);
    case Kind::relationship:
      return order_edges(a.edge(), b.edge());
    case Kind::path:
      return order_paths(a.path(), b.path());
    case Kind::duration:
      return order_durations(a.duration(), b.duration());
    default:
      return order_times(a.temporal(), b.temporal());
  }
}

bool RowLess::operator()(const std::vector<Value>& a, const std::vector<Value>& b) const {
  return order_lists(a, b) < 0;
}

}  // namespace hart::prov::cypher
