#include "search/stop_words.h"

#include <doctest/doctest.h>

#include "../index/store_fixture.h"
#include "search/search.h"

namespace {

using hart::search::without_stop_words;

TEST_CASE("stop words: question words go, what is asked about stays") {
  CHECK(hart::store::text_expression(without_stop_words("What is an anaconda?")) ==
        "\"anaconda\"");
  CHECK(without_stop_words("whatever island") == "whatever island");
  CHECK(hart::store::text_expression(without_stop_words("how do I mend THE sail")) ==
        "\"mend\" OR \"sail\"");
}

TEST_CASE("stop words: phrases and prefixes keep theirs") {
  CHECK(hart::store::text_expression(without_stop_words("the \"to be or not\" of the*")) ==
        "\"to be or not\" OR \"the\" *");
  CHECK(hart::store::text_expression(without_stop_words("is \"what is")) == "\"what is\"");
}

TEST_CASE("stop words: a text of nothing else stays as it is") {
  CHECK(without_stop_words("who is it") == "who is it");
  CHECK(without_stop_words("the \"\" ?") == "the \"\" ?");
  CHECK(without_stop_words("") == "");
}

TEST_CASE("stop words: a passage of question words does not come before the answer") {
  StoreFixture fixture;
  const auto atoms = fixture.put(random_vectors(3, 1));
  {
    hart::store::WriteTransaction transaction{fixture.store()};
    hart::store::TextIndexWriter writer{fixture.store()};
    writer.add(atoms[0], "What it is");
    writer.add(atoms[1], "The anaconda lives by rivers and in swamps, and it swims well");
    writer.add(atoms[2], "A boa and an anaconda");
    transaction.commit();
  }
  hart::search::Query query;
  query.text = "what is an anaconda?";
  const auto dropped = hart::search::search(fixture.store(), query);
  REQUIRE(dropped.hits.size() == 2);
  CHECK(dropped.hits[0].atom_id == atoms[2]);
  query.stop_words = hart::search::StopWords::keep;
  const auto kept = hart::search::search(fixture.store(), query);
  CHECK(kept.hits.size() == 3);
  CHECK(kept.hits[0].atom_id == atoms[0]);
}

}  // namespace
