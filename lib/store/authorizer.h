#pragma once

#include <string_view>

#include "store/connection.h"

struct sqlite3;

namespace hart::store {

/// What the authorizer of one connection allows at this moment.
struct AuthorizerState {
  /// Owner outside a ScopeGuard: SQLite prepares a statement again by itself when the schema
  /// changed, and FTS5 prepares its own while it steps. What they name was checked before.
  Scope scope = Scope::owner;
  std::string_view sql;  ///< the statement, while a ScopeGuard lives
};

/// Installs the authorizer. `state` must outlive the connection.
///
/// In Scope::tenant a statement may read views whose name begins with `my_`, and tables only
/// from within such a view; it may write nothing. In Scope::owner everything is allowed but
/// ATTACH, which VACUUM alone may do.
void install_authorizer(sqlite3* db, AuthorizerState& state);

/// Sets the scope while one statement is prepared. For Scope::tenant it first refuses SQL that
/// defines a common table expression named like a view: SQLite tells the authorizer the name of
/// the expression as if it were the view's. Throws Error(denied).
class ScopeGuard {
 public:
  ScopeGuard(AuthorizerState& state, Scope scope, std::string_view sql);
  ~ScopeGuard() { state_ = previous_; }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;

 private:
  AuthorizerState& state_;
  AuthorizerState previous_;
};

}  // namespace hart::store
