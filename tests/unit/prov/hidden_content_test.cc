#include "prov/hidden_content.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "cypher_fixture.h"
#include "fixture.h"
#include "prov/explanation.h"
#include "prov/graph/derivation.h"
#include "prov/graph/store_graph.h"
#include "prov/graph/verify_graph.h"
#include "prov/receipt_writer.h"
#include "prov/replay.h"
#include "prov/verify.h"
#include "store/object_access.h"
#include "store/sound_document.h"

namespace hart::prov {
namespace {

/// Two documents of other words, a receipt that both were added, an answer from both of them by
/// a model that is the first, and two searches that found both.
class HiddenDocuments {
 public:
  HiddenDocuments() {
    test::add_sound_document(store, "a.md", test::words_of("zanzibar", 3));
    test::add_sound_document(store, "b.md", test::words_of("quicksilver", 3));
  }

  [[nodiscard]] Evidence evidence(const std::string& name, const std::string& text) {
    return {structure(name), 0.5, text, name, 1, 0.25, 0.5};
  }
  [[nodiscard]] Id structure(const std::string& name) {
    return *store::resolve_object(store, name).structure;
  }

  void write_receipts() {
    GenerationBegin added = begin();
    for (const char* name : {"a.md", "b.md"})
      added.subjects.push_back({structure(name), "structure", 120, name});
    write(added);

    GenerationBegin answered = begin();
    answered.models = {{structure("a.md"), "a.md"}};
    answered.evidence = {evidence("a.md", "text of a"), evidence("b.md", "text of b")};
    write(answered);

    const AnsweredQuery query{"asked", {}, answered.evidence};
    write(begin(), {query, query});
  }

  void set(const std::string& reference, store::AccessLevel level) {
    store::WriteTransaction transaction{store};
    for (const store::HeldVersion& version :
         store::held_versions(store, std::vector<std::string>{reference}))
      (void)store::set_access(store, version, level);
    transaction.commit();
  }

  [[nodiscard]] Explanation explained(std::uint64_t leaf) {
    return explain(store, *stream_at(store, leaf));
  }
  [[nodiscard]] std::vector<std::string> rows(std::string_view query) {
    derive_graph(store);
    const StoreGraph graph{store};
    return cypher::test::rows_of(graph, query);
  }
  [[nodiscard]] std::vector<std::string> evidence_rows() {
    return rows(
        "MATCH (i:Inference)-->(:Decision)-[s:SUPPORTED_BY]->(e:Evidence)"
        " RETURN e.source, e.content, e.weight, e.rank, s.strength"
        " ORDER BY i.leaf_index, e.evidence_id");
  }
  [[nodiscard]] bool sound() {
    bool ok = verify_graph(store).empty();
    for_each_stream(store, [&](const GenerationStream& stream) {
      const ReceiptVerification found = verify_stream(store, stream);
      ok = ok && found.problems.empty() && found.opened == found.commitments;
    });
    return ok;
  }

 private:
  test::ScratchStore scratch_{test::prov_modules()};

  static GenerationBegin begin() {
    GenerationBegin begin = test::sample_begin();
    begin.inference = make_uuid7(begin.started);
    begin.models.clear();
    begin.evidence.clear();
    return begin;
  }
  void write(const GenerationBegin& begin, const std::vector<AnsweredQuery>& queries = {}) {
    ReceiptDraft draft{begin, store.tenant_name(), store.actor()};
    for (const AnsweredQuery& query : queries) draft.query(query);
    if (!begin.evidence.empty()) {
      GeneratedToken token = test::sample_token(1, -0.5f);
      token.evidence = {0};
      draft.token(token);
    }
    PendingReceipt receipt = draft.finish(test::sample_end());
    store::WriteTransaction transaction{store};
    ReceiptWriter{store}.write({&receipt, 1});
    transaction.commit();
  }

 public:
  store::Store store = scratch_.open();
};

using store::AccessLevel;

}  // namespace

TEST_CASE("hidden: a receipt withholds what names a hidden atom, and gives it back") {
  HiddenDocuments documents;
  documents.write_receipts();
  const Measures before = documents.explained(1).measures;
  documents.set("a.md", AccessLevel::none);

  const Explanation added = documents.explained(0);
  REQUIRE(added.subjects.size() == 1);
  CHECK(added.subjects[0].name == "b.md");
  CHECK(added.erased == 1);

  const Explanation answered = documents.explained(1);
  REQUIRE(answered.evidence.size() == 1);
  CHECK(answered.evidence[0].evidence.text == "text of b");
  CHECK(answered.evidence[0].evidence.name == "b.md");
  CHECK(answered.models[0].name == "");
  CHECK_FALSE(answered.model_name.has_value());
  CHECK(answered.erased == 2);
  // What came of it stays, and so does how well it was founded.
  CHECK(answered.prompt == "what is a secretprompt?");
  CHECK(answered.output == "a secretanswer");
  CHECK(answered.uncertain.size() == 1);
  CHECK(answered.measures.support == before.support);

  const Explanation searched = documents.explained(2);
  REQUIRE(searched.queries.size() == 2);
  CHECK(searched.queries[1].text == "asked");
  REQUIRE(searched.queries[1].hits.size() == 1);
  CHECK(searched.queries[1].hits[0].name == "b.md");

  CHECK(documents.sound());
  documents.set("a.md", AccessLevel::read);
  CHECK(documents.explained(0).subjects.size() == 2);
  CHECK(documents.explained(1).evidence.size() == 2);
  CHECK(documents.explained(1).model_name == "a.md");
  CHECK(documents.explained(1).erased == 0);
  CHECK(documents.explained(2).queries[0].hits.size() == 2);
}

TEST_CASE("hidden: the graph withholds it, and a replay misses it") {
  HiddenDocuments documents;
  documents.write_receipts();
  const std::vector<std::string> before = documents.evidence_rows();
  // The answer's two, and what each of the two searches found.
  const std::string hit_a = "'a.md' | 'text of a' | 0.5 | 1 | 0.25";
  const std::string b = "'b.md' | 'text of b' | 0.5 | 1 | 0.25";
  CHECK(before == std::vector<std::string>{"'a.md' | 'text of a' | 0.5 | 1 | 0.5", b, hit_a, b,
                                           hit_a, b});
  const std::string model = "MATCH (i)-[:USED_MODEL]->(m:Model) RETURN m.name";
  CHECK(documents.rows(model) == std::vector<std::string>{"'a.md'"});

  documents.set("a.md", AccessLevel::none);
  const std::string withheld = "null | null | null | null | null";
  CHECK(documents.evidence_rows() ==
        std::vector<std::string>{withheld, b, withheld, b, withheld, b});
  CHECK(documents.rows(model) == std::vector<std::string>{"null"});
  const RecordedGeneration recorded =
      open_generation(documents.store, *stream_at(documents.store, 1));
  CHECK(erased_inputs(recorded) == std::vector<std::string>{"evidence 0 (erased)"});
  CHECK_FALSE(recorded.model_name.has_value());

  documents.set("a.md", AccessLevel::write);
  CHECK(documents.evidence_rows() == before);
}

TEST_CASE("hidden: a reader of the graph sees a level that was set since the last") {
  HiddenDocuments documents;
  documents.write_receipts();
  derive_graph(documents.store);
  const StoreGraph graph{documents.store};
  const auto contents = [&] {
    (void)graph.reader({});
    return cypher::test::rows_of(graph,
                                 "MATCH (e:Evidence) RETURN e.content ORDER BY e.evidence_id");
  };
  CHECK(contents()[0] == "'text of a'");
  documents.set("a.md", AccessLevel::none);
  CHECK(contents()[0] == "null");
  documents.set("a.md", AccessLevel::write);
  CHECK(contents()[0] == "'text of a'");
}

TEST_CASE("hidden: what is derived does not depend on what was hidden then") {
  HiddenDocuments shown;
  shown.write_receipts();
  HiddenDocuments hidden;
  hidden.write_receipts();
  hidden.set("a.md", AccessLevel::none);
  const std::string derived =
      "MATCH (i:Inference) RETURN i.confidence, i.grounding, i.support, i.leaf_index"
      " ORDER BY i.leaf_index";
  CHECK(hidden.rows(derived) == shown.rows(derived));
  CHECK(hidden.sound());
  hidden.set("a.md", AccessLevel::write);
  const std::string used =
      "MATCH (i:Inference)-[u:USED_ATOM]->(a:Atom)"
      " RETURN u.role, u.sequence, u.weight, a.name ORDER BY u.role, u.sequence";
  CHECK(hidden.rows(used) == shown.rows(used));
  CHECK(hidden.rows(used).size() == 8);
  CHECK(hidden.evidence_rows() == shown.evidence_rows());
  CHECK(hidden.sound());
}

TEST_CASE("hidden: what another object shows is read there, without the hidden one's name") {
  HiddenDocuments documents;
  documents.write_receipts();
  test::add_sound_document(documents.store, "copy.md", test::words_of("zanzibar", 3));
  documents.set("a.md@1", AccessLevel::none);
  const Explanation answered = documents.explained(1);
  REQUIRE(answered.evidence.size() == 2);
  CHECK(answered.evidence[0].evidence.text == "text of a");
  CHECK(answered.evidence[0].evidence.name == "");
  CHECK(answered.evidence[1].evidence.name == "b.md");
  const Explanation added = documents.explained(0);
  REQUIRE(added.subjects.size() == 2);
  CHECK(added.subjects[0].name == "");
  CHECK(added.subjects[1].name == "b.md");
  CHECK_FALSE(answered.model_name.has_value());

  // Another version shows the name.
  test::add_sound_document(documents.store, "a.md", test::words_of("other", 3));
  CHECK(documents.explained(1).evidence[0].evidence.name == "a.md");
}

TEST_CASE("hidden: of what the tenant does not hold nothing is") {
  HiddenDocuments documents;
  HiddenContent before{documents.store};
  const Id a = documents.structure("a.md");
  const Id b = documents.structure("b.md");
  CHECK_FALSE(before.has(a));
  CHECK_FALSE(before.has_name("a.md"));
  documents.set("a.md", AccessLevel::none);
  CHECK_FALSE(before.has(a));
  before.forget();
  CHECK(before.has(a));
  CHECK(before.has_name("a.md"));
  CHECK_FALSE(before.has(b));
  CHECK_FALSE(before.has_name("b.md"));
  CHECK_FALSE(before.has(test::sample_evidence("nobody's", 1).atom));
  CHECK_FALSE(before.has_name("nobody's"));
  CHECK_FALSE(before.has_name(""));
}

}  // namespace hart::prov
