#pragma once

#include <string>
#include <vector>

#include "search/where.h"
#include "store/connection.h"

namespace hart::search {

/// A condition in SQL over `my_object AS o`, which is 0 or 1 and never NULL. No value and no
/// path stands in its text: they are parameters, from `first` on.
struct WhereSql {
  std::string text;
  int first = 1;
  std::vector<WhereExpression::Value> parameters;

  /// Binds them; the statement's others are the caller's.
  void bind(store::Statement& statement) const;
};

/// `first` is the number of the first parameter.
[[nodiscard]] WhereSql where_sql(const WhereExpression& expression, int first);

}  // namespace hart::search
