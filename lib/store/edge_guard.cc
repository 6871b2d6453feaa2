#include "store/edge_guard.h"

#include <sqlite3.h>

#include <exception>

namespace hart::store {
namespace {

void edge_guard(sqlite3_context* context, int, sqlite3_value** values) {
  auto* guard = static_cast<EdgeGuard*>(sqlite3_value_pointer(values[0], kEdgeGuardPointer));
  if (guard == nullptr) return sqlite3_result_int(context, 0);
  const auto* type = reinterpret_cast<const char*>(sqlite3_value_text(values[5]));
  EdgeStep step;
  step.from_atom_id = sqlite3_value_int64(values[1]);
  step.to_atom_id = sqlite3_value_int64(values[2]);
  step.hops = sqlite3_value_int64(values[3]);
  step.weight = sqlite3_value_double(values[4]);
  if (type != nullptr)
    step.type = {type, static_cast<std::size_t>(sqlite3_value_bytes(values[5]))};
  try {
    sqlite3_result_int(context, guard->admit(step) ? 1 : 0);
  } catch (const std::exception&) {
    // Nothing but a lack of memory is expected, and no exception may pass through SQLite.
    sqlite3_result_error_nomem(context);
  }
}

}  // namespace

void install_edge_guard(sqlite3* db) {
  // It has a side effect, so it must not stand in a schema.
  sqlite3_create_function_v2(db, "edge_guard", 6, SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
                             edge_guard, nullptr, nullptr, nullptr);
}

}  // namespace hart::store
