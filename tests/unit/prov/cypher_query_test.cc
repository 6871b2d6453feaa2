#include <doctest/doctest.h>

#include "cypher_fixture.h"
#include "prov/cypher/json.h"

namespace hart::prov::cypher {
namespace {

using test::rows_of;
using test::value_of;
using Rows = std::vector<std::string>;

ScratchGraph derivations() {
  ScratchGraph graph;
  graph.execute(
      "CREATE (a:Atom {name: 'a'}), (b:Atom {name: 'b'}), (c:Atom {name: 'c'}),"
      " (r:Receipt {name: 'r', at: 3}),"
      " (a)-[:DERIVED {weight: 0.5}]->(b)-[:DERIVED {weight: 0.25}]->(c), (r)-[:USED]->(c)");
  return graph;
}

}  // namespace

TEST_CASE("cypher: a pattern is found in the direction and with the types that it names") {
  const ScratchGraph graph = derivations();
  CHECK(rows_of(graph, "MATCH (x)-[:DERIVED]->(y) RETURN x.name, y.name ORDER BY x.name") ==
        Rows{"'a' | 'b'", "'b' | 'c'"});
  CHECK(rows_of(graph, "MATCH (x)<-[:DERIVED]-(y) RETURN x.name, y.name ORDER BY x.name") ==
        Rows{"'b' | 'a'", "'c' | 'b'"});
  CHECK(rows_of(graph, "MATCH (:Receipt)--(y) RETURN y.name") == Rows{"'c'"});
  CHECK(rows_of(graph, "MATCH (x)-[:NONE]->(y) RETURN x") == Rows{});
  CHECK(rows_of(graph, "MATCH (x)-[:NONE|USED]->(y) RETURN x.name") == Rows{"'r'"});
}

TEST_CASE("cypher: a variable length gives every path once, none with an edge twice") {
  ScratchGraph graph = derivations();
  CHECK(rows_of(
            graph,
            "MATCH p = ({name: 'a'})-[*1..2]->(y) RETURN length(p), y.name ORDER BY y.name") ==
        Rows{"1 | 'b'", "2 | 'c'"});
  CHECK(rows_of(graph, "MATCH ({name: 'c'})<-[*0..]-(y) RETURN y.name ORDER BY y.name") ==
        Rows{"'a'", "'b'", "'c'", "'r'"});
  graph.execute("MATCH (c {name: 'c'}), (a {name: 'a'}) CREATE (c)-[:DERIVED]->(a)");
  CHECK(rows_of(graph, "MATCH ({name: 'a'})-[:DERIVED*]->(y) RETURN count(*)") == Rows{"3"});
}

TEST_CASE("cypher: a trail longer than a stack of calls would bear is walked") {
  ScratchGraph graph;
  graph.execute("CREATE (:Start)");
  NodeId last = 0;
  for (int i = 0; i < 20'000; ++i) {
    const NodeId next = graph.create_node({}, {});
    (void)graph.create_edge(last, next, "T", {});
    last = next;
  }
  CHECK(rows_of(graph, "MATCH (:Start)-[e*20000]->(n) RETURN size(e)") == Rows{"20000"});
}

TEST_CASE("cypher: what an optional match does not find is null") {
  const ScratchGraph graph = derivations();
  CHECK(rows_of(graph,
                "MATCH (x:Atom) OPTIONAL MATCH (x)<-[:USED]-(r) RETURN x.name, r.at ORDER BY "
                "x.name") == Rows{"'a' | null", "'b' | null", "'c' | 3"});
}

TEST_CASE("cypher: aggregates group by the other columns") {
  const ScratchGraph graph = derivations();
  CHECK(rows_of(graph, "MATCH (x) RETURN labels(x)[0] AS l, count(*) AS n ORDER BY n DESC") ==
        Rows{"'Atom' | 3", "'Receipt' | 1"});
  CHECK(rows_of(graph, "MATCH (x:None) RETURN count(x), sum(x.at), avg(x.at), collect(x)") ==
        Rows{"0 | 0 | null | []"});
  CHECK(rows_of(graph,
                "UNWIND [1, 1, 2, null] AS x RETURN count(x), count(DISTINCT x), max(x)") ==
        Rows{"3 | 2 | 2"});
}

TEST_CASE("cypher: subqueries, comprehensions and UNION see the variables around them") {
  const ScratchGraph graph = derivations();
  CHECK(rows_of(graph, "MATCH (x) WHERE EXISTS { (x)<-[:USED]-() } RETURN x.name") ==
        Rows{"'c'"});
  CHECK(rows_of(graph,
                "MATCH (x) WHERE EXISTS { MATCH (x)-->(y) WITH y, count(*) AS n WHERE n = 1"
                " RETURN y } RETURN count(x)") == Rows{"3"});
  CHECK(rows_of(graph,
                "MATCH (x {name: 'b'}) RETURN [(x)-[e]-(y) WHERE e.weight > 0.3 | y.name]") ==
        Rows{"['a']"});
  CHECK(rows_of(graph, "RETURN 1 AS n UNION RETURN 1 AS n UNION RETURN 2 AS n") ==
        Rows{"1", "2"});
  CHECK(rows_of(graph, "RETURN 1 AS n UNION ALL RETURN 1 AS n") == Rows{"1", "1"});
}

TEST_CASE("cypher: null is neither true nor false") {
  CHECK(value_of("null = null") == "null");
  CHECK(value_of("null AND false") == "false");
  CHECK(value_of("1 IN [2, null]") == "null");
  CHECK(value_of("any(x IN [null, 1] WHERE x = 1)") == "true");
  CHECK(value_of("all(x IN [null, 1] WHERE x = 1)") == "null");
  CHECK(value_of("[1, null] = [1, null]") == "null");
}

TEST_CASE("cypher: integers and floats compare exactly") {
  CHECK(value_of("9007199254740993 = 9007199254740992.0") == "false");
  CHECK(value_of("9007199254740993 > 9007199254740992.0") == "true");
  CHECK(value_of("1 = 1.0") == "true");
  CHECK(value_of("0.0 / 0.0 = 0.0 / 0.0") == "false");
}

TEST_CASE("cypher: ORDER BY puts maps first and null last") {
  const ScratchGraph empty;
  CHECK(rows_of(empty,
                "UNWIND [null, 1.5, 'x', true, [1], {a: 1}, 1] AS v RETURN v ORDER BY v") ==
        Rows{"{a: 1}", "[1]", "'x'", "true", "1", "1.5", "null"});
}

TEST_CASE("cypher: a parameter's text is never read as a query") {
  const ScratchGraph graph = derivations();
  const Map parameters{{"name", "a'}) RETURN 1 //"}};
  CHECK(rows_of(graph, "MATCH (x {name: $name}) RETURN x", parameters) == Rows{});
}

TEST_CASE("cypher: the rows and the time of a query are bounded") {
  const ScratchGraph graph = derivations();
  const auto fault_of = [&](std::string_view text, Budget budget) {
    try {
      Query{text}.run(graph, {}, budget, [](std::span<const Value>) { return true; });
      return Fault::internal;
    } catch (const Error& error) {
      return error.fault();
    }
  };
  CHECK(fault_of("RETURN size(range(1, 1000000000000))", {1'000, std::chrono::hours{1}}) ==
        Fault::denied);
  CHECK(fault_of("MATCH (a), (b), (c), (d), (e) RETURN count(*)",
                 {500, std::chrono::hours{1}}) == Fault::denied);
  CHECK(fault_of("UNWIND range(1, 100000) AS x RETURN count(x)",
                 {1'000'000, std::chrono::milliseconds{-1}}) == Fault::denied);
  CHECK(fault_of("MATCH (a) RETURN count(*)", {500, std::chrono::hours{1}}) == Fault::internal);
}

TEST_CASE("cypher: a sink that has enough ends the query, LIMIT too") {
  const ScratchGraph empty;
  Budget budget{100'000, std::chrono::hours{1}};
  int seen = 0;
  Query{"UNWIND range(1, 1000) AS x RETURN x"}.run(empty, {}, budget,
                                                   [&](auto) { return ++seen < 3; });
  CHECK(seen == 3);
  Budget limited{2'000, std::chrono::hours{1}};
  Query{"UNWIND range(1, 100) AS x UNWIND range(1, 100) AS y RETURN x LIMIT 2"}.run(
      empty, {}, limited, [](auto) { return true; });
  CHECK(limited.rows_used() < 500);
}

namespace {

/// Records what the evaluator asks the graph for.
class AskedGraph : public ScratchGraph {
 public:
  std::size_t nodes(const NodeFilter& filter, NodeId after,
                    std::span<NodeId> out) const override {
    asked = filter;
    return ScratchGraph::nodes(filter, after, out);
  }
  mutable NodeFilter asked;
};

}  // namespace

TEST_CASE("cypher: labels and equal properties are handed to the graph") {
  AskedGraph graph;
  graph.execute("CREATE (:Atom {hash: 'x', n: 2})");
  CHECK(rows_of(graph, "MATCH (a:Atom {hash: $h}) WHERE a.n = 1 + 1 AND a.m <> 3 RETURN a.n",
                {{"h", "x"}}) == Rows{});
  CHECK(graph.asked.labels == Rows{"Atom"});
  REQUIRE(graph.asked.equal.size() == 2);
  CHECK(graph.asked.equal[0].first == "hash");
  CHECK(graph.asked.equal[0].second.string() == "x");
  CHECK(graph.asked.equal[1].first == "n");
  CHECK(graph.asked.equal[1].second.integer() == 2);
}

TEST_CASE("cypher: =~ is true when all of a text matches, and null where there is no text") {
  ScratchGraph graph;
  const auto one = [&](const std::string& expression) {
    return rows_of(graph, "RETURN " + expression).at(0);
  };
  CHECK(one("'a dog' =~ '.*dog'") == "true");
  CHECK(one("'a dog!' =~ '.*dog'") == "false");
  CHECK(one("'a dog' =~ 'a|a dog'") == "true");
  CHECK(one("'H\u00c4USER' =~ '(?i)h\u00e4user'") == "true");
  CHECK(one("'a\\nb' =~ 'a.b'") == "false");
  CHECK(one("null =~ 'a'") == "null");
  CHECK(one("1 =~ '1'") == "null");
  CHECK(one("NOT 'a' + 'b' =~ 'a' + 'b'") == "false");
  CHECK(one("[x IN ['cat', 'dog', 'cow'] WHERE x =~ 'c.+']") == "['cat', 'cow']");
}

TEST_CASE("cypher: a bad expression is named by its place, a slow one ends") {
  ScratchGraph graph;
  for (const char* text :
       {"RETURN 'a' =~ 'a)|(b'", "RETURN 'a' =~ '(?<n>a)'", "RETURN 'a' =~ '['"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS((void)rows_of(graph, text), doctest::Contains("1:15: "), Error);
  }
  const std::string slow = "RETURN '" + std::string(400, 'a') + "b' =~ '(a+a+)+(a+a+)+c'";
  try {
    (void)rows_of(graph, slow);
    FAIL("it came to an end");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::denied);
    CHECK(std::string{error.what()}.find("the regular expression takes too long") !=
          std::string::npos);
  }
}

TEST_CASE("cypher: an expression is bounded in length, in nesting and in what it repeats") {
  ScratchGraph graph;
  const auto matches = [&](const std::string& text, const std::string& expression) {
    return rows_of(graph, "RETURN $t =~ $e", {{"t", text}, {"e", expression}}).at(0);
  };
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '(') + "a" + std::string(levels, ')');
  };
  // What is put around an expression takes 8 of the 16 KiB, and one of the 64 levels.
  const std::string longest(16384 - 8, 'a');
  CHECK(matches(longest, longest) == "true");
  CHECK(matches("a", nested(62)) == "true");
  CHECK(matches(std::string(1024, 'a'), "a{1024}") == "true");
  // Of a text as long as one likes each byte may take its share of steps.
  CHECK(matches(std::string(100'000, 'a') + "b", "(a|b)*") == "true");
  struct Refused {
    std::string expression, because;
  };
  const std::vector<Refused> refused{
      {longest + "a", "longer than 16 KiB"},
      {nested(63), "64 levels"},
      {"a{1025}", "at most 1024"},
      {"((a{999}){999}){999}", "longer than 65536 steps"},
  };
  for (const Refused& one : refused) {
    CAPTURE(one.because);
    try {
      (void)matches("a", one.expression);
      FAIL("it was taken");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::data);
      CHECK(std::string{error.what()}.starts_with("1:14: "));
      CHECK(std::string{error.what()}.find(one.because) != std::string::npos);
    }
  }
}

TEST_CASE("cypher: a parameter may nest as deep as a value, and no deeper") {
  const auto nested = [](std::uint32_t levels) {
    Json json = Json::array();
    for (std::uint32_t i = 1; i < levels; ++i) {
      Json outer = Json::array();
      outer.push_back(std::move(json));
      json = std::move(outer);
    }
    return json;
  };
  CHECK(json_value(nested(100)).kind() == Kind::list);
  CHECK_THROWS_WITH_AS((void)json_value(nested(Value::kMaxDepth + 2)),
                       doctest::Contains("deeper"), Error);
  CHECK_THROWS_WITH_AS((void)json_value(nested(1'000'000)), doctest::Contains("deeper"), Error);
}

TEST_CASE("cypher: a query that its bounds end says so, and may be ended from outside") {
  ScratchGraph graph;
  const Query query{"UNWIND range(1, 100000) AS i RETURN count(i)"};
  const auto run = [&](Budget& budget) {
    query.run(graph, {}, budget, [](std::span<const Value>) { return true; });
  };
  Budget small{50'000, std::chrono::hours{1}};
  CHECK_THROWS_WITH_AS(run(small), doctest::Contains("50000 nodes, relationships and rows"),
                       Error);
  CHECK(small.is_spent());
  Budget letters{50'000, std::chrono::hours{1}};
  CHECK_THROWS_AS(Query{"RETURN size(split($text, ''))"}.run(
                      graph, {{"text", std::string(100'000, 'x')}}, letters,
                      [](std::span<const Value>) { return true; }),
                  Error);
  Budget late{10'000'000, std::chrono::seconds{-1}};
  CHECK_THROWS_WITH_AS(run(late), doctest::Contains("the time that it may take"), Error);
  CHECK(late.is_spent());
  int looks = 0;
  Budget ended{10'000'000, std::chrono::hours{1}, [&looks] {
                 if (++looks == 3) throw Error{Fault::busy, "ended"};
               }};
  CHECK_THROWS_WITH_AS(run(ended), "ended", Error);
  CHECK(looks == 3);
  CHECK_FALSE(ended.is_spent());
}

TEST_CASE("cypher: letters beyond ASCII have two cases") {
  ScratchGraph graph;
  CHECK(
      rows_of(graph,
              "RETURN toUpper('stra\u00dfe \u00e4\u00f8\u00fc \u03b1\u0436'),"
              " toLower('\u00c4\u00d8\u00dc \u0391\u0416 ABC')") ==
      Rows{
          "'STRASSE \u00c4\u00d8\u00dc \u0391\u0416' | '\u00e4\u00f8\u00fc \u03b1\u0436 abc'"});
}

}  // namespace hart::prov::cypher
