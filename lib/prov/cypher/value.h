#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hart::prov::cypher {

using NodeId = std::int64_t;  ///< not negative
using EdgeId = std::int64_t;  ///< not negative

/// A node as a value: its labels and properties stay in the graph.
struct Node {
  NodeId id = 0;
};

/// A relationship as a value. `type` is the graph's own number of the type's name.
struct Edge {
  EdgeId id = 0;
  NodeId start = 0;
  NodeId end = 0;
  std::uint32_t type = 0;
};

/// A walk: edges[i] joins nodes[i] and nodes[i + 1], in either direction.
struct Path {
  std::vector<NodeId> nodes;
  std::vector<Edge> edges;
};

enum class TemporalKind : std::uint8_t { datetime, localdatetime, date, time, localtime };

/// A point in time. Parts which the kind does not have are zero.
struct Temporal {
  TemporalKind kind = TemporalKind::date;
  std::int64_t day = 0;         ///< local days since 1970-01-01, proleptic Gregorian
  std::int64_t nanosecond = 0;  ///< local, of the day, in [0, 86 400 · 10⁹)
  std::int32_t offset_s = 0;    ///< seconds east of UTC
  std::string zone;             ///< IANA name, or empty for an offset alone
};

/// Calendar months, days and exact time, which do not convert into each other.
struct Duration {
  std::int64_t months = 0;
  std::int64_t days = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;  ///< in [0, 10⁹), whatever the sign of `seconds`
};

class Value;
using List = std::vector<Value>;
using Map = std::map<std::string, Value, std::less<>>;

/// Kinds in the order in which ORDER BY sorts values of different kinds, ascending
/// (openCypher 9, "Orderability").
enum class Kind : std::uint8_t {
  map,
  node,
  relationship,
  list,
  path,
  datetime,
  localdatetime,
  date,
  time,
  localtime,
  duration,
  string,
  boolean,
  integer,
  floating,
  null,
};

/// The name of a kind as error messages give it.
[[nodiscard]] std::string_view kind_name(Kind kind) noexcept;

/// An immutable openCypher value. Copies of lists, maps, paths and times share their content,
/// which is why those are held by shared_ptr: rows are copied from clause to clause.
class Value {
 public:
  /// Lists and maps nest no deeper than this, so that recursion over a value is bounded.
  static constexpr std::uint32_t kMaxDepth = 500;

  Value() = default;  ///< null
  template <std::same_as<bool> T> Value(T value) : held_{value} {}
  Value(std::int64_t value) : held_{value} {}
  Value(double value) : held_{value} {}
  Value(std::string value) : held_{std::move(value)} {}
  Value(std::string_view value) : held_{std::string{value}} {}
  Value(const char* value) : held_{std::string{value}} {}
  Value(Node value) : held_{value} {}
  Value(Edge value) : held_{value} {}
  Value(Duration value) : held_{value} {}
  Value(Temporal value) : held_{std::make_shared<const Temporal>(std::move(value))} {}
  Value(Path value) : held_{std::make_shared<const Path>(std::move(value))} {}
  Value(List value);  ///< throws Error{Fault::data} when it nests deeper than kMaxDepth
  Value(Map value);   ///< the same

  [[nodiscard]] Kind kind() const noexcept;
  [[nodiscard]] bool is_null() const noexcept { return held_.index() == 0; }
  [[nodiscard]] bool is_number() const noexcept {
    return kind() == Kind::integer || kind() == Kind::floating;
  }
  [[nodiscard]] bool is_temporal() const noexcept {
    return kind() >= Kind::datetime && kind() <= Kind::localtime;
  }

  // Each needs the kind that it names.
  [[nodiscard]] bool boolean() const { return std::get<bool>(held_); }
  [[nodiscard]] std::int64_t integer() const { return std::get<std::int64_t>(held_); }
  [[nodiscard]] double floating() const { return std::get<double>(held_); }
  [[nodiscard]] double number() const;  ///< of an integer or a float
  [[nodiscard]] const std::string& string() const { return std::get<std::string>(held_); }
  [[nodiscard]] const List& list() const { return std::get<SharedList>(held_)->items; }
  [[nodiscard]] const Map& map() const { return std::get<SharedMap>(held_)->items; }
  [[nodiscard]] Node node() const { return std::get<Node>(held_); }
  [[nodiscard]] const Edge& edge() const { return std::get<Edge>(held_); }
  [[nodiscard]] const Path& path() const { return *std::get<SharedPath>(held_); }
  [[nodiscard]] const Temporal& temporal() const { return *std::get<SharedTime>(held_); }
  [[nodiscard]] const Duration& duration() const { return std::get<Duration>(held_); }

 private:
  template <typename Items> struct Nested {
    Items items;
    std::uint32_t depth;
  };
  using SharedList = std::shared_ptr<const Nested<List>>;
  using SharedMap = std::shared_ptr<const Nested<Map>>;
  using SharedPath = std::shared_ptr<const Path>;
  using SharedTime = std::shared_ptr<const Temporal>;

  [[nodiscard]] std::uint32_t depth() const noexcept;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, SharedList, SharedMap,
               Node, Edge, SharedPath, SharedTime, Duration>
      held_;
};

}  // namespace hart::prov::cypher
