#include "prov/graph/store_graph.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "cypher_fixture.h"
#include "fixture.h"
#include "prov/cypher/compare.h"
#include "prov/graph/derivation.h"
#include "prov/graph/verify_graph.h"
#include "store/catalog_writer.h"
#include "store/relation.h"

namespace hart::prov {
namespace {

/// A store with receipts that were given evidence by its text.
class GraphStore {
 public:
  GraphStore() : store_{scratch_.open()} {}

  [[nodiscard]] store::Store& store() noexcept { return store_; }
  [[nodiscard]] test::ScratchStore& scratch() noexcept { return scratch_; }

  /// Writes a receipt of an answer, and returns its UUID. Its tokens are certain (probability
  /// 1) and lean on the first piece of evidence.
  std::string answer(const std::vector<std::string>& evidence, int tokens = 2) {
    ReceiptSink sink{store_};
    GenerationBegin begin = test::sample_begin();
    begin.inference = make_uuid7(begin.started);
    begin.evidence.clear();
    for (const std::string& text : evidence)
      begin.evidence.push_back(test::sample_evidence(text, 0.5));
    sink.begin(begin);
    for (int i = 0; i < tokens; ++i) {
      GeneratedToken token;
      token.token = i;
      token.text = "w" + std::to_string(i);
      token.alternatives = {{100 + i, -1.0f, "other"}};
      if (!evidence.empty()) token.evidence = {0};
      sink.token(token);
    }
    return sink.end(test::sample_end());
  }

  /// A leaf of the catalog that the tenant holds.
  std::int64_t leaf(const std::string& text) {
    store::WriteTransaction transaction{store_};
    store::CatalogWriter writer{store_};
    const ByteView bytes = as_bytes(text);
    const std::int64_t atom = writer.put_atom({IdSpace::content, crypto::sha256(bytes)},
                                              store::AtomForm::inlined, bytes, bytes.size());
    writer.hold_atom(atom, store::Modality::text, "word");
    transaction.commit();
    return atom;
  }

  std::vector<std::string> rows(std::string_view query, const cypher::Map& parameters = {}) {
    derive_graph(store_);
    const StoreGraph graph{store_};
    return cypher::test::rows_of(graph, query, parameters);
  }

 private:
  test::ScratchStore scratch_{test::prov_modules()};
  store::Store store_;
};

std::string as_text_value(const std::string& text) {
  return "'" + text + "'";
}

}  // namespace

TEST_CASE("A receipt is an inference with a decision, evidence, alternatives and a model") {
  GraphStore graph;
  const std::string uuid = graph.answer({"a dog is a mammal", "a cat is an animal"});

  CHECK(graph.rows("MATCH (i:Inference) RETURN i.inference_id, i.task_type, i.confidence") ==
        std::vector<std::string>{as_text_value(uuid) + " | 'generate_text' | 1.0"});
  CHECK(graph.rows("MATCH (:Inference)-[:RESULTED_IN]->(d:Decision) RETURN d.output_text") ==
        std::vector<std::string>{"'a secretanswer'"});
  // The first bears every token: 0.5 · (1 + 1) / 2; the second none: 0.5 / 2.
  CHECK(graph.rows("MATCH (:Decision)-[s:SUPPORTED_BY]->(e:Evidence)"
                   " RETURN e.content, s.strength ORDER BY s.strength DESC") ==
        std::vector<std::string>{"'a dog is a mammal' | 0.5", "'a cat is an animal' | 0.25"});
  CHECK(graph.rows("MATCH (d:Decision)-[c:CONSIDERED_ALTERNATIVE]->(a:Alternative)"
                   " RETURN c.position, a.description, a.reason_not_chosen") ==
        std::vector<std::string>{"0 | 'other' | 'less probable than the token taken'",
                                 "1 | 'other' | 'less probable than the token taken'"});
  CHECK(graph.rows("MATCH (:Inference)-[u:USED_MODEL]->(m:Model)"
                   " RETURN u.contribution_weight, m.name") ==
        std::vector<std::string>{"1.0 | 'tiny.gguf'"});
}

TEST_CASE("Every relationship is found from both of its ends") {
  GraphStore graph;
  graph.answer({"one", "two"});
  graph.answer({"two", "three"});
  const std::int64_t dog = graph.leaf("dog"), mammal = graph.leaf("mammal");
  {
    store::WriteTransaction transaction{graph.store()};
    store::RelationWriter relations{graph.store()};
    relations.put(dog, mammal, "IS_A", 1);
    relations.put(dog, dog, "IS", 0.5);
    transaction.commit();
  }
  const auto outward = graph.rows(
      "MATCH (a)-[r]->(b) RETURN id(a), id(r), type(r), id(b)"
      " ORDER BY id(r)");
  const auto inward = graph.rows(
      "MATCH (b)<-[r]-(a) RETURN id(a), id(r), type(r), id(b)"
      " ORDER BY id(r)");
  const auto either = graph.rows("MATCH (a)-[r]-(b) RETURN DISTINCT id(r) ORDER BY id(r)");
  CHECK(outward == inward);
  CHECK(outward.size() == either.size());
  // 2 decisions, 2 models, 4 evidence each as USED_ATOM, SUPPORTED_BY and FROM_ATOM, 4
  // alternatives, 1 influence, 2 relations.
  CHECK(outward.size() == 2 + 2 + 3 * 4 + 4 + 1 + 2);
}

TEST_CASE("A reader says of a node and a relationship what the graph says, or what is asked") {
  GraphStore store;
  store.answer({"one", "two"});
  store.answer({"two", "three"});
  store.leaf("dog");
  derive_graph(store.store());
  const StoreGraph graph{store.store()};
  const auto everything = graph.reader({});
  const auto some = graph.reader(std::array<std::string_view, 2>{"content", "strength"});
  const auto same = [](const cypher::PropertyRow& row, const cypher::Map& map) {
    return std::ranges::equal(row, map, [](const auto& left, const auto& right) {
      return left.first == right.first && cypher::order(left.second, right.second) == 0;
    });
  };
  std::vector<cypher::NodeId> ids(100);
  ids.resize(graph.nodes({}, -1, ids));
  std::vector<std::string> labels;
  cypher::PropertyRow row;
  std::size_t contents = 0, strengths = 0;
  for (const cypher::NodeId id : ids) {
    everything->node(id, labels, row);
    CHECK(labels == graph.labels(id));
    CHECK(same(row, graph.node_properties(id)));
    some->node(id, labels, row);
    contents += row.size();
    std::vector<cypher::Edge> edges(100);
    cypher::EdgeCursor cursor;
    edges.resize(graph.edges(id, cypher::Direction::out, {}, cursor, edges));
    for (const cypher::Edge& edge : edges) {
      everything->edge(edge, row);
      CHECK(same(row, graph.edge_properties(edge)));
      some->edge(edge, row);
      strengths += row.size();
    }
  }
  // 4 pieces of evidence; 4 that support, and an influence.
  CHECK(contents == 4);
  CHECK(strengths == 5);
}

TEST_CASE("Relationships are the same however few are read at once") {
  GraphStore store;
  constexpr int kEvidence = 600;  // more than two windows of rows
  std::vector<std::string> evidence;
  for (int i = 0; i < kEvidence; ++i) evidence.push_back("passage " + std::to_string(i));
  store.answer(evidence);
  store.answer({"passage 3", "passage 599"});
  derive_graph(store.store());
  const StoreGraph graph{store.store()};
  const auto edges_at = [&](cypher::NodeId node, std::size_t batch) {
    std::vector<std::pair<cypher::EdgeId, cypher::NodeId>> all;
    std::vector<cypher::Edge> edges(batch);
    cypher::EdgeCursor cursor;
    for (std::size_t found = batch; found == batch;) {
      found = graph.edges(node, cypher::Direction::out, {}, cursor, edges);
      for (std::size_t i = 0; i < found; ++i) all.emplace_back(edges[i].id, edges[i].end);
    }
    return all;
  };
  std::vector<cypher::NodeId> inferences(2);
  REQUIRE(graph.nodes({{"Inference"}, {}}, -1, inferences) == 2);
  // A decision, a model, the atoms; an influence of the second.
  for (const std::size_t batch : {1, 7, 255, 256, 257, 1'000})
    CHECK(edges_at(inferences[0], batch) == edges_at(inferences[0], 2'000));
  CHECK(edges_at(inferences[0], 2'000).size() == 2 + kEvidence);
  CHECK(edges_at(inferences[1], 1).size() == 2 + 2 + 1);
  CHECK(store.rows("MATCH (:Inference)-[u:USED_ATOM]->() WHERE u.sequence = 599"
                   " RETURN u.weight") == std::vector<std::string>{"0.5"});
  CHECK(store.rows("MATCH (e:Evidence)-[:FROM_ATOM]->(a) WHERE e.content = 'passage 599'"
                   " RETURN count(e), count(DISTINCT a)") == std::vector<std::string>{"2 | 1"});
}

TEST_CASE("Inferences that share evidence are influenced by the earlier one") {
  GraphStore graph;
  const std::string first = graph.answer({"one", "two"});
  graph.answer({"nine"});
  const std::string third = graph.answer({"two", "three"});
  // One atom of three is shared.
  CHECK(graph.rows("MATCH (a:Inference)-[r:INFLUENCED_BY]->(b:Inference)"
                   " RETURN a.inference_id, b.inference_id, r.how, r.strength") ==
        std::vector<std::string>{as_text_value(third) + " | " + as_text_value(first) +
                                 " | 'shared_evidence' | 0.333333"});
}

TEST_CASE("Only the strongest influences count, the later first among equals") {
  GraphStore graph;
  std::vector<std::string> earlier;
  for (int i = 0; i < 12; ++i)
    earlier.push_back(graph.answer({"shared", "own" + std::to_string(i)}));
  const std::string whole = graph.answer({"shared"});
  const std::string last = graph.answer({"shared"});
  const auto rows = graph.rows(
      "MATCH (:Inference {inference_id: $id})-[r:INFLUENCED_BY]->(b) RETURN b.inference_id",
      {{"id", last}});
  CHECK(rows.size() == kMostInfluences);
  CHECK(rows.front() == as_text_value(whole));
  CHECK(rows[1] == as_text_value(earlier.back()));
}

TEST_CASE("What is derived in steps is what is derived at once") {
  GraphStore steps, once;
  for (int i = 0; i < 5; ++i) {
    const std::vector<std::string> evidence{"e" + std::to_string(i % 2),
                                            "f" + std::to_string(i)};
    steps.answer(evidence);
    derive_graph(steps.store());
    once.answer(evidence);
  }
  CHECK(derive_graph(once.store()) == 5);
  CHECK(derive_graph(once.store()) == 0);
  const char* query =
      "MATCH (a)-[r:INFLUENCED_BY]->(b) RETURN a.leaf_index, b.leaf_index,"
      " r.strength ORDER BY a.leaf_index, b.leaf_index";
  CHECK(steps.rows(query) == once.rows(query));
  CHECK(verify_graph(steps.store()).empty());
  CHECK(verify_graph(once.store()).empty());
}

TEST_CASE("A node that a property names is found without a scan") {
  GraphStore graph;
  const std::string uuid = graph.answer({"one"});
  const std::int64_t dog = graph.leaf("dog");
  derive_graph(graph.store());
  const StoreGraph nodes{graph.store()};
  const auto found = [&](const std::string& label, const std::string& key,
                         const std::string& value) {
    std::vector<cypher::NodeId> ids(8);
    ids.resize(nodes.nodes({{label}, {{key, value}}}, -1, ids));
    return ids;
  };
  CHECK(found("Inference", "inference_id", uuid).size() == 1);
  CHECK(found("Inference", "inference_id", "00000000-0000-0000-0000-000000000000").empty());
  CHECK(found("Inference", "inference_id", "no UUID").empty());
  CHECK(found("Decision", "inference_id", uuid).empty());
  const auto atom = store::atom_by_id(graph.store(), dog);
  REQUIRE(atom);
  CHECK(found("Atom", "atom_id", atom->id.text()).size() == 1);
  CHECK(found("Atom", "atom_id", "nonsense").empty());
}

TEST_CASE("A mode of reasoning, several models and what an answer is about are in the graph") {
  GraphStore graph;
  ReceiptSink sink{graph.store()};
  GenerationBegin begin = test::sample_begin();
  begin.evidence.clear();
  begin.reasoning = "cot";
  const auto id = [](const char* text) {
    return Id{IdSpace::content, crypto::sha256(as_bytes(text))};
  };
  begin.models = {{id("a"), "a.gguf", 0.75}, {id("b"), "b.gguf", 0.25}};
  begin.subjects = {{id("file"), "content", 4, "notes.md"}};
  sink.begin(begin);
  sink.step({"thought", "first", 0.5});
  sink.step({"thought", "second", 1});
  sink.end(test::sample_end());

  CHECK(graph.rows("MATCH (i:Inference)-[u:USED_REASONING]->(m) RETURN m.type, u.weight,"
                   " u.num_operations") == std::vector<std::string>{"'cot' | 0.75 | 2"});
  CHECK(graph.rows("MATCH (m:ReasoningMode)<-[:USED_REASONING]-(i) RETURN i.task_type") ==
        std::vector<std::string>{"'generate_text'"});
  CHECK(graph.rows("MATCH (:Inference)-[u:USED_MODEL]->(m) RETURN m.name,"
                   " u.contribution_weight ORDER BY m.name") ==
        std::vector<std::string>{"'a.gguf' | 0.75", "'b.gguf' | 0.25"});
  CHECK(graph.rows("MATCH (:Inference)-[u:USED_ATOM]->(a) RETURN u.role, a.atom_id") ==
        std::vector<std::string>{"'subject' | " + as_text_value(id("file").text())});
  CHECK(graph.rows("MATCH (a:Atom)<-[u:USED_ATOM]-(i) RETURN u.role, u.sequence") ==
        std::vector<std::string>{"'subject' | 0"});
  CHECK(verify_graph(graph.store()).empty());
}

TEST_CASE("Nodes are listed in ascending order, whatever the size of a batch") {
  GraphStore graph;
  for (int i = 0; i < 3; ++i) graph.answer({"one", "two"});
  graph.leaf("dog");
  derive_graph(graph.store());
  const StoreGraph nodes{graph.store()};
  std::vector<cypher::NodeId> all(1000);
  all.resize(nodes.nodes({}, -1, all));
  CHECK(std::ranges::is_sorted(all));
  std::vector<cypher::NodeId> one_by_one;
  cypher::NodeId next = -1;
  while (nodes.nodes({}, next, {&next, 1}) == 1) one_by_one.push_back(next);
  CHECK(one_by_one == all);
}

TEST_CASE("A tenant's graph has nothing of another's") {
  GraphStore graph;
  graph.answer({"a secret of the first"});
  graph.scratch().add_tenant("other");
  store::Store other = graph.scratch().open("other");
  derive_graph(graph.store());
  derive_graph(other);
  const StoreGraph empty{other};
  CHECK(cypher::test::rows_of(empty, "MATCH (n) RETURN n").empty());
}

TEST_CASE("Verification finds every change of what was derived") {
  const auto problems_after = [](const std::string& sql) {
    GraphStore graph;
    graph.answer({"one", "two"});
    graph.answer({"two", "three"});
    derive_graph(graph.store());
    REQUIRE(verify_graph(graph.store()).empty());
    graph.scratch().add_tenant("other");
    REQUIRE(graph.scratch().tamper("PRAGMA foreign_keys = OFF; " + sql).empty());
    return verify_graph(graph.store()).size();
  };
  CHECK(problems_after("UPDATE provenance_influence SET strength_millionths = 333334") > 0);
  CHECK(problems_after("UPDATE provenance_influence SET earlier_stream_id = 2") > 0);
  CHECK(problems_after("UPDATE provenance_influence SET rank = 1") > 0);
  CHECK(problems_after("UPDATE provenance_influence SET tenant_id = 2") > 0);
  CHECK(problems_after("DELETE FROM provenance_influence") > 0);
  CHECK(problems_after("INSERT INTO provenance_influence VALUES (1, 0, 1, 2, 5)") > 0);
  CHECK(problems_after("INSERT INTO provenance_influence VALUES (77, 0, 1, 2, 5)") > 0);
  CHECK(problems_after("UPDATE provenance_summary SET confidence_millionths = 1"
                       " WHERE generation_stream_id = 1") > 0);
  CHECK(problems_after("UPDATE provenance_summary SET grounding_millionths = NULL") > 0);
  CHECK(problems_after("UPDATE provenance_summary SET support_millionths = 0") > 0);
  CHECK(problems_after("UPDATE provenance_summary SET evidence_atoms = 1") > 0);
  CHECK(problems_after("UPDATE provenance_summary SET leaf_index = leaf_index + 5") > 0);
  CHECK(problems_after("UPDATE provenance_summary SET tenant_id = 2"
                       " WHERE generation_stream_id = 1") > 0);
  CHECK(problems_after("DELETE FROM provenance_summary WHERE generation_stream_id = 1") > 0);
  CHECK(problems_after("UPDATE provenance_entity SET hash = zeroblob(32)"
                       " WHERE provenance_entity_id = 1") > 0);
  CHECK(problems_after("UPDATE provenance_entity SET space = 2"
                       " WHERE provenance_entity_id = 1") > 0);
  CHECK(problems_after("DELETE FROM provenance_entity WHERE provenance_entity_id = 2") > 0);
}

}  // namespace hart::prov
