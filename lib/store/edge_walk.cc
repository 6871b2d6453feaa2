#include "store/edge_walk.h"

#include <sqlite3.h>

#include <exception>
#include <memory>
#include <new>

namespace hart::store {
namespace {

EdgeWalk* walk_of(sqlite3_value* value) {
  return static_cast<EdgeWalk*>(sqlite3_value_pointer(value, kEdgeWalkPointer));
}

void take_edge(sqlite3_context* context, int, sqlite3_value** values) {
  EdgeWalk* walk = walk_of(values[0]);
  if (walk == nullptr) return;
  const auto* type = reinterpret_cast<const char*>(sqlite3_value_text(values[4]));
  EdgeStep step;
  step.near_atom_id = sqlite3_value_int64(values[1]);
  step.far_atom_id = sqlite3_value_int64(values[2]);
  step.weight = sqlite3_value_double(values[3]);
  if (type != nullptr)
    step.type = {type, static_cast<std::size_t>(sqlite3_value_bytes(values[4]))};
  try {
    walk->take(step);
  } catch (const std::exception&) {
    // Nothing but a lack of memory is expected, and no exception may pass through SQLite.
    sqlite3_result_error_nomem(context);
  }
}

/// The answer is null: what was taken, the walk knows.
void finish_edges(sqlite3_context*) {}

enum Column { kFirst, kLast, kWalk };

struct Cursor : sqlite3_vtab_cursor {
  EdgeWalk* walk = nullptr;
  std::optional<AtomRange> range;
  sqlite3_int64 row = 0;

  int advance() noexcept {
    try {
      range = walk == nullptr ? std::nullopt : walk->next_range();
      ++row;
      return SQLITE_OK;
    } catch (const std::exception&) {
      return SQLITE_NOMEM;
    }
  }
};

int connect(sqlite3* db, void*, int, const char* const*, sqlite3_vtab** table, char**) {
  const int code =
      sqlite3_declare_vtab(db, "CREATE TABLE x (first INTEGER, last INTEGER, walk HIDDEN)");
  if (code != SQLITE_OK) return code;
  sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  *table = new (std::nothrow) sqlite3_vtab{};
  return *table == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete table;
  return SQLITE_OK;
}

/// There is one way to read it: from its first range to the last, of the walk that is given.
int best_index(sqlite3_vtab*, sqlite3_index_info* plan) {
  for (int i = 0; i < plan->nConstraint; ++i) {
    const auto& constraint = plan->aConstraint[i];
    if (constraint.iColumn != kWalk || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (constraint.usable == 0) return SQLITE_CONSTRAINT;
    plan->aConstraintUsage[i].argvIndex = 1;
    plan->aConstraintUsage[i].omit = 1;
  }
  return SQLITE_OK;
}

int open(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
  *cursor = new (std::nothrow) Cursor{};
  return *cursor == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* base, int, const char*, int count, sqlite3_value** values) {
  auto* cursor = static_cast<Cursor*>(base);
  cursor->walk = count == 1 ? walk_of(values[0]) : nullptr;
  cursor->row = 0;
  return cursor->advance();
}

int next(sqlite3_vtab_cursor* cursor) {
  return static_cast<Cursor*>(cursor)->advance();
}

int eof(sqlite3_vtab_cursor* cursor) {
  return static_cast<Cursor*>(cursor)->range ? 0 : 1;
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int number) {
  const AtomRange& range = *static_cast<Cursor*>(cursor)->range;
  if (number == kFirst) sqlite3_result_int64(context, range.first);
  if (number == kLast) sqlite3_result_int64(context, range.last);
  return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* row) {
  *row = static_cast<Cursor*>(cursor)->row;
  return SQLITE_OK;
}

/// Without xCreate the table is there by its name alone and stands in no schema.
sqlite3_module make_module() {
  sqlite3_module module{};
  module.xConnect = connect;
  module.xBestIndex = best_index;
  module.xDisconnect = disconnect;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = eof;
  module.xColumn = column;
  module.xRowid = rowid;
  return module;
}

}  // namespace

void install_edge_walk(sqlite3* db) {
  static const sqlite3_module kModule = make_module();
  sqlite3_create_module_v2(db, "edge_frontier", &kModule, nullptr, nullptr);
  // It has a side effect, so it must not stand in a schema.
  sqlite3_create_function_v2(db, "take_edge", 5, SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
                             nullptr, take_edge, finish_edges, nullptr);
}

}  // namespace hart::store
