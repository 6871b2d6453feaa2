#include "store/authorizer.h"

#include <sqlite3.h>

#include <cctype>
#include <string>

#include "core/error.h"

namespace hart::store {
namespace {

constexpr std::string_view kViewPrefix = "my_";

bool is_scoped_view(const char* name) {
  return name != nullptr && std::string_view{name}.starts_with(kViewPrefix);
}

/// The table-valued functions that read no table of the store.
bool is_harmless_table(std::string_view name) {
  return name == "json_each" || name == "json_tree";
}

bool is_identifier(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

std::string folded(std::string_view text) {
  std::string lower;
  for (const char c : text)
    lower.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  return lower;
}

bool mentions(std::string_view sql, std::string_view name) {
  const std::string text = folded(sql);
  const std::string word = folded(name);
  for (std::size_t at = text.find(word); at != std::string::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_identifier(text[at - 1])) &&
        (end == text.size() || !is_identifier(text[end])))
      return true;
  }
  return false;
}

int authorize_tenant(const AuthorizerState& state, int action, const char* first,
                     const char* second, const char* inner_view) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_READ:
      if (is_scoped_view(inner_view) || is_scoped_view(first)) return SQLITE_OK;
      if (is_harmless_table(first)) return SQLITE_OK;
      // A table of which no column is read. When SQLite has merged a view into the statement it
      // reports the view's tables so, without saying that they come from the view; then the
      // statement's own text does not name them.
      return *second == '\0' && !mentions(state.sql, first) ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

int authorize(void* state, int action, const char* first, const char* second, const char*,
              const char* inner_view) {
  const auto& authorizer = *static_cast<const AuthorizerState*>(state);
  // VACUUM attaches the file that it writes.
  if (action == SQLITE_ATTACH || action == SQLITE_DETACH)
    return authorizer.scope == Scope::owner && authorizer.sql.starts_with("VACUUM")
               ? SQLITE_OK
               : SQLITE_DENY;
  if (authorizer.scope == Scope::owner) return SQLITE_OK;
  return authorize_tenant(authorizer, action, first, second, inner_view);
}

/// Refuses an identifier that begins with `my_` and is followed by `AS (`, with an optional
/// list of columns and [NOT] MATERIALIZED between: the only way to define a name inside a
/// statement.
void refuse_view_like_expressions(std::string_view sql) {
  const std::string text = folded(sql);
  const auto skip_space = [&](std::size_t at) {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) ++at;
    return at;
  };
  for (std::size_t at = text.find(kViewPrefix); at != std::string::npos;
       at = text.find(kViewPrefix, at + 1)) {
    if (at > 0 && is_identifier(text[at - 1])) continue;
    std::size_t end = at;
    while (end < text.size() && is_identifier(text[end])) ++end;
    if (end < text.size() && (text[end] == '"' || text[end] == ']' || text[end] == '`')) ++end;
    end = skip_space(end);
    if (end < text.size() && text[end] == '(') end = skip_space(text.find(')', end) + 1);
    if (text.compare(end, 2, "as") != 0) continue;
    end = skip_space(end + 2);
    if (text.compare(end, 3, "not") == 0) end = skip_space(end + 3);
    if (text.compare(end, 12, "materialized") == 0) end = skip_space(end + 12);
    if (end < text.size() && text[end] == '(')
      throw Error{Fault::denied, "a statement may not define a name that begins with my_"};
  }
}

}  // namespace

void install_authorizer(sqlite3* db, AuthorizerState& state) {
  sqlite3_set_authorizer(db, authorize, &state);
}

ScopeGuard::ScopeGuard(AuthorizerState& state, Scope scope, std::string_view sql)
    : state_{state}, previous_{state} {
  if (scope == Scope::tenant) refuse_view_like_expressions(sql);
  state_ = {scope, sql};
}

}  // namespace hart::store
