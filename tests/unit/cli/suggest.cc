#include "common/suggest.h"

#include <doctest/doctest.h>

using hart::cli::nearest_word;
using hart::cli::suggestion;

TEST_CASE("suggest: one slip of the finger finds the word that was meant") {
  const std::vector<std::string> words{"query", "index", "project", "list"};
  CHECK(nearest_word("qurey", words) == "query");      // transposed
  CHECK(nearest_word("quer", words) == "query");       // left out
  CHECK(nearest_word("queery", words) == "query");     // doubled
  CHECK(nearest_word("projekt", words) == "project");  // replaced
}

TEST_CASE("suggest: a word that is near to none is not guessed at") {
  CHECK_FALSE(nearest_word("banana", {"query", "index", "list"}));
  CHECK_FALSE(nearest_word("ls", {"rm"}));
  CHECK_FALSE(nearest_word("x", {}));
  CHECK(suggestion("banana", {"query"}).empty());
}

TEST_CASE("suggest: of several near words the nearest is taken") {
  CHECK(nearest_word("shaw", {"ship", "show"}) == "show");
}

TEST_CASE("suggest: a very long argument is answered at once") {
  CHECK_FALSE(nearest_word(std::string(1 << 20, 'a'), {std::string(64, 'a')}));
}
