#pragma once

#include <memory>

#include "search/query.h"
#include "search/search.h"
#include "store/store.h"

namespace hart::search {

/// Answers queries of one store, one after the other, and keeps between them what does not
/// depend on the query: opened indexes, the atoms that the last filter let through, what the
/// catalog says of its indexes. All of it is looked up anew as soon as anybody has changed the
/// catalog, so that an answer is the same as a new Searcher would give. Not for use by several
/// threads at once.
class Searcher {
 public:
  /// `store` must outlive it and stay where it is.
  explicit Searcher(store::Store& store);
  ~Searcher();
  Searcher(Searcher&&) noexcept;
  Searcher& operator=(Searcher&&) noexcept;

  /// As `search::search`.
  [[nodiscard]] Result run(const Query& query);

  /// Says that what this connection has changed since the last query has no bearing on answers,
  /// as when that query was charged for: what is kept stays valid.
  void keep_across_own_changes();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hart::search
