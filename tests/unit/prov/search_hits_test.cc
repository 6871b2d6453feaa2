#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "cypher_fixture.h"
#include "fixture.h"
#include "prov/content.h"
#include "prov/graph/derivation.h"
#include "prov/graph/lineage.h"
#include "prov/graph/node_key.h"
#include "prov/graph/store_graph.h"
#include "prov/graph/verify_graph.h"
#include "prov/receipt_draft.h"
#include "prov/receipt_writer.h"
#include "prov/retention.h"
#include "prov/verify.h"

namespace hart::prov {
namespace {

Evidence hit(const std::string& text, std::uint32_t rank) {
  Evidence found = test::sample_evidence(text, 0.5);
  found.rank = rank;
  found.distance = 0.25;
  return found;
}

/// Several searches that were answered together, and answers on what they found.
class Searches {
 public:
  Searches() : store_{scratch_.open()} {}

  [[nodiscard]] store::Store& store() noexcept { return store_; }
  [[nodiscard]] test::ScratchStore& scratch() noexcept { return scratch_; }

  /// Writes a receipt of several searches, and returns its UUID.
  std::string together(const std::vector<AnsweredQuery>& queries) {
    GenerationBegin begin = this->begin();
    begin.operation = "search";
    begin.prompt.reset();
    ReceiptDraft draft{begin, store_.tenant_name(), store_.actor()};
    for (const AnsweredQuery& query : queries) draft.query(query);
    GenerationEnd end = test::sample_end();
    end.output.reset();
    write(draft.finish(end));
    return uuid_text(begin.inference);
  }

  /// Writes a receipt that was given evidence by its text, and returns its UUID.
  std::string answer(const std::vector<std::string>& evidence) {
    GenerationBegin begin = this->begin();
    for (const std::string& text : evidence)
      begin.evidence.push_back(test::sample_evidence(text, 0.5));
    ReceiptDraft draft{begin, store_.tenant_name(), store_.actor()};
    write(draft.finish(test::sample_end()));
    return uuid_text(begin.inference);
  }

  std::vector<std::string> rows(std::string_view query, const cypher::Map& parameters = {}) {
    derive_graph(store_);
    const StoreGraph graph{store_};
    return cypher::test::rows_of(graph, query, parameters);
  }

  /// All that verification finds.
  std::vector<std::string> problems() {
    std::vector<std::string> all = verify_log(store_).problems;
    for_each_stream(store_, [&](const GenerationStream& stream) {
      for (const std::string& problem : verify_stream(store_, stream).problems)
        all.push_back(problem);
    });
    for (const std::string& problem : verify_graph(store_)) all.push_back(problem);
    return all;
  }

 private:
  GenerationBegin begin() {
    GenerationBegin begin = test::sample_begin();
    begin.started += ++written_;
    begin.inference = make_uuid7(begin.started);
    begin.models.clear();
    begin.evidence.clear();
    return begin;
  }

  void write(PendingReceipt receipt) {
    store::WriteTransaction transaction{store_};
    ReceiptWriter{store_}.write({&receipt, 1});
    transaction.commit();
  }

  test::ScratchStore scratch_{test::prov_modules()};
  store::Store store_;
  TimeUs written_ = 0;
};

/// One search finds a dog and a cat, the next nothing, the last by a vector the cat again.
std::string three_searches(Searches& searches) {
  return searches.together({{"animals", {}, {hit("a dog", 1), hit("a cat", 2)}},
                            {"nothing such", {}, {}},
                            {"", digest_of(std::vector<float>{1, 2}), {hit("a cat", 1)}}});
}

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "hits: those of searches that were answered together are evidence, each by its search") {
  Searches searches;
  const std::string uuid = three_searches(searches);
  CHECK(searches.rows("MATCH (:Decision)-[s:SUPPORTED_BY]->(e:Evidence)"
                      " RETURN e.evidence_id, e.query, e.content, e.rank, e.distance, e.weight,"
                      " s.strength ORDER BY e.evidence_id") ==
        Rows{"'" + uuid + "/hit/0' | 'animals' | 'a dog' | 1 | 0.25 | 0.5 | 0.25",
             "'" + uuid + "/hit/1' | 'animals' | 'a cat' | 2 | 0.25 | 0.5 | 0.25",
             "'" + uuid + "/hit/2' | null | 'a cat' | 1 | 0.25 | 0.5 | 0.25"});
  CHECK(searches.rows("MATCH (:Inference)-[u:USED_ATOM]->(a) RETURN u.role, u.weight") ==
        Rows{"'evidence' | 0.5", "'evidence' | 0.5", "'evidence' | 0.5"});
  CHECK(searches.rows("MATCH (e:Evidence)-[:FROM_ATOM]->(a)"
                      " RETURN count(e), count(DISTINCT a)") == Rows{"3 | 2"});
  CHECK(searches.rows("MATCH (e:Evidence {evidence_id: $id}) RETURN e.content",
                      {{"id", uuid + "/hit/1"}}) == Rows{"'a cat'"});
  CHECK(searches.problems().empty());
}

TEST_CASE("hits: every relationship of theirs is found from both ends, however few at once") {
  Searches searches;
  three_searches(searches);
  searches.answer({"a dog"});
  const Rows outward = searches.rows(
      "MATCH (a)-[r]->(b) RETURN id(a), id(r), type(r), id(b) ORDER BY id(r), id(a)");
  CHECK(outward == searches.rows("MATCH (b)<-[r]-(a) RETURN id(a), id(r), type(r), id(b)"
                                 " ORDER BY id(r), id(a)"));
  CHECK(searches.rows("MATCH ()-[r]->() RETURN count(r), count(DISTINCT id(r))").front() ==
        std::to_string(outward.size()) + " | " + std::to_string(outward.size()));
  derive_graph(searches.store());
  const StoreGraph graph{searches.store()};
  std::vector<cypher::NodeId> all(100), one_by_one;
  all.resize(graph.nodes({}, -1, all));
  cypher::NodeId next = -1;
  while (graph.nodes({}, next, {&next, 1}) == 1) one_by_one.push_back(next);
  CHECK(one_by_one == all);
  for (const cypher::NodeId node : all) {
    std::vector<cypher::Edge> edges(100);
    cypher::EdgeCursor whole, single;
    edges.resize(graph.edges(node, cypher::Direction::both, {}, whole, edges));
    for (const cypher::Edge& expected : edges) {
      cypher::Edge edge{};
      REQUIRE(graph.edges(node, cypher::Direction::both, {}, single, {&edge, 1}) == 1);
      CHECK(edge.id == expected.id);
    }
  }
}

TEST_CASE("hits: lineage leads from a search to what it found, and from that to the search") {
  Searches searches;
  const std::string uuid = three_searches(searches);
  const std::string answer = searches.answer({"a dog"});
  derive_graph(searches.store());
  const StoreGraph graph{searches.store()};
  const auto reached = [&](const std::string& from, Lineage direction) {
    Rows found;
    for (const LineageStep& step : trace_lineage(
             searches.store(), graph, resolve_node(searches.store(), from), {direction}))
      found.push_back(step.relation + " " + std::string{node_label(node_key(step.node).kind)});
    std::ranges::sort(found);
    return found;
  };
  CHECK(reached(uuid, Lineage::up) == Rows{"USED_ATOM Atom", "USED_ATOM Atom"});
  CHECK(reached(uuid, Lineage::down) == Rows{"INFLUENCED_BY Inference"});
  CHECK(reached(answer, Lineage::up) ==
        Rows{"INFLUENCED_BY Inference", "USED_ATOM Atom", "USED_ATOM Atom"});
}

TEST_CASE(
    "hits: together they influence an answer on one of them, and nothing influences them") {
  Searches searches;
  searches.answer({"a dog", "a cat"});
  const std::string together = three_searches(searches);
  const std::string answer = searches.answer({"a dog", "a fish"});
  // Of three atoms one is shared, with either.
  CHECK(searches.rows("MATCH (a)-[r:INFLUENCED_BY]->(b)"
                      " RETURN a.inference_id, b.task_type, r.strength ORDER BY b.task_type") ==
        Rows{"'" + answer + "' | 'generate_text' | 0.333333",
             "'" + answer + "' | 'search' | 0.333333"});
  CHECK(searches.rows("MATCH (i {inference_id: $id}) RETURN i.support", {{"id", together}}) ==
        Rows{"0.0"});
  CHECK(searches.problems().empty());
}

TEST_CASE("hits: a changed or missing row of theirs is found") {
  const std::string of_hits = " WHERE role = 1 AND sequence >= " + std::to_string(kFirstHit);
  const std::string first = " WHERE role = 1 AND sequence = " + std::to_string(kFirstHit);
  for (const std::string& change : Rows{
           "UPDATE atom_provenance SET atom_hash = zeroblob(32)" + first,
           "UPDATE atom_provenance SET weight = 0.75" + first,
           "UPDATE atom_provenance SET sequence = sequence + 9" + first,
           "UPDATE atom_provenance SET sequence = 0" + first,
           "DELETE FROM atom_provenance" + first,
           "DELETE FROM atom_provenance" + of_hits,
           "UPDATE provenance_summary SET evidence_atoms = 0",
           "UPDATE provenance_summary SET evidence_atoms = 3",
       }) {
    CAPTURE(change);
    Searches searches;
    three_searches(searches);
    derive_graph(searches.store());
    REQUIRE(searches.problems().empty());
    REQUIRE(searches.scratch().tamper("DROP TRIGGER atom_provenance_is_never_changed;" +
                                      change) == "");
    CHECK_FALSE(searches.problems().empty());
  }
}

TEST_CASE("hits: what an earlier version derived, without them, still verifies") {
  Searches searches;
  three_searches(searches);
  derive_graph(searches.store());
  REQUIRE(
      searches.scratch().tamper("DELETE FROM atom_provenance; DELETE FROM provenance_entity;"
                                "UPDATE provenance_summary SET evidence_atoms = 0") == "");
  CHECK(searches.problems().empty());
  CHECK(searches.rows("MATCH (e:Evidence) RETURN e") == Rows{});
  CHECK(searches.rows("MATCH (:Inference)-->(:Decision)-[s:SUPPORTED_BY]->() RETURN s") ==
        Rows{});
}

TEST_CASE("hits: once their openings are erased, which atoms they were stays") {
  Searches searches;
  three_searches(searches);
  (void)erase_openings_before(searches.store(), INT64_MAX, false, {});
  CHECK(searches.rows("MATCH (:Decision)-[s:SUPPORTED_BY]->(e:Evidence)-[:FROM_ATOM]->(a)"
                      " RETURN s.strength, e.query, e.content, e.rank, count(a)") ==
        Rows{"null | null | null | null | 3"});
  CHECK(searches.problems().empty());
}

TEST_CASE("hits: a thousand searches of one receipt are in the graph, one after the other") {
  Searches searches;
  std::vector<AnsweredQuery> queries;
  queries.reserve(1000);
  for (int i = 0; i < 1000; ++i)
    queries.push_back({"query " + std::to_string(i),
                       {},
                       {hit("passage " + std::to_string(i % 7), 1),
                        hit("passage " + std::to_string(i % 11), 2)}});
  searches.together(queries);
  CHECK(searches.rows("MATCH (e:Evidence)-[:FROM_ATOM]->(a)"
                      " RETURN count(e), count(DISTINCT e), count(DISTINCT a)") ==
        Rows{"2000 | 2000 | 11"});
  CHECK(searches.rows("MATCH (e:Evidence) WHERE e.query = 'query 999'"
                      " RETURN e.content, e.rank ORDER BY e.rank") ==
        Rows{"'passage 5' | 1", "'passage 9' | 2"});
  CHECK(searches.problems().empty());
}

}  // namespace hart::prov
