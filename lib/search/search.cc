#include "search/search.h"

#include "search/searcher.h"

namespace hart::search {

Result search(store::Store& store, const Query& query) {
  return Searcher{store}.run(query);
}

}  // namespace hart::search
