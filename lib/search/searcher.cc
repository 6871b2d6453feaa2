#include "search/searcher.h"

#include "search/answer.h"
#include "search/search_cache.h"

namespace hart::search {

struct Searcher::Impl {
  explicit Impl(store::Store& opened) : store{opened}, cache{opened} {}

  store::Store& store;
  SearchCache cache;
};

Searcher::Searcher(store::Store& store) : impl_{std::make_unique<Impl>(store)} {}
Searcher::~Searcher() = default;
Searcher::Searcher(Searcher&&) noexcept = default;
Searcher& Searcher::operator=(Searcher&&) noexcept = default;

Result Searcher::run(const Query& query) {
  const store::Snapshot snapshot{impl_->store.db()};
  impl_->cache.begin_query();
  return answer_query(impl_->store, impl_->cache, query);
}

void Searcher::keep_across_own_changes() {
  impl_->cache.keep_across_own_changes();
}

}  // namespace hart::search
