#pragma once

#include <cstdint>
#include <string_view>

struct sqlite3;

namespace hart::store {

/// One row that a recursive statement over edges is about to take.
struct EdgeStep {
  std::int64_t from_atom_id = 0;
  std::int64_t to_atom_id = 0;
  std::int64_t hops = 0;  ///< of `to_atom_id`, counted from 1
  double weight = 0;
  std::string_view type;  ///< lives until `admit` returns
};

/// What keeps a recursive statement from going round in circles: SQL asks it about every edge.
/// UNION in place of a guard would keep SQLite from seeing a pair (atom, hops) twice, but not
/// an atom at two distances: three hops over a clique of 100 take 7 ms so, and 1.4 with it.
class EdgeGuard {
 public:
  virtual ~EdgeGuard() = default;
  /// Whether to go on from the edge's far end.
  virtual bool admit(const EdgeStep& step) = 0;
};

/// Registers the SQL function `edge_guard(guard, from, to, hops, weight, type)`; `guard` is
/// bound with Statement::bind(int, EdgeGuard&) and must outlive the statement's last step. The
/// function answers 0 when it is given anything else for a guard.
void install_edge_guard(sqlite3* db);

/// The type under which SQLite passes the pointer on; other pointers are refused.
inline constexpr const char* kEdgeGuardPointer = "hart::store::EdgeGuard";

}  // namespace hart::store
