// Any text is refused as a wrong call or becomes a query, which then ends within its budget:
// with rows whose values have a text, or with an error that says why.

#include <optional>

#include "core/bytes.h"
#include "core/error.h"
#include "fuzz_check.h"
#include "prov/cypher/query.h"
#include "prov/cypher/scratch_graph.h"
#include "prov/cypher/text.h"

namespace {

using namespace hart::prov::cypher;

std::optional<Query> parsed(std::string_view text) {
  try {
    return Query{text};
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::usage);
    return std::nullopt;
  }
}

const ScratchGraph& graph() {
  static const ScratchGraph built = [] {
    ScratchGraph graph;
    graph.execute(
        "CREATE (a:A {x: 1, name: 'a'})-[:T {w: 0.5}]->(b:B {x: 2})-[:U]->(c:A:B {x: 1}),"
        " (c)-[:T]->(a), (a)-[:T]->(a), (b)-[:T]->(a), ({d: date('2015-07-21'), l: [1, 2]})");
    return graph;
  }();
  return built;
}

const Map& parameters() {
  static const Map values{{"p", List{std::int64_t{1}, 2.5, "x", Value{}}},
                          {"n", std::int64_t{3}},
                          {"s", "a"},
                          {"m", Map{{"a", true}}}};
  return values;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto query = parsed(hart::as_text({data, size}));
  if (!query) return 0;
  Budget budget{20'000, std::chrono::milliseconds{200}};
  try {
    query->run(graph(), parameters(), budget, [&](std::span<const Value> row) {
      HART_FUZZ_CHECK(row.size() == query->columns().size());
      for (const Value& value : row) HART_FUZZ_CHECK(!value_text(value, graph()).empty());
      return true;
    });
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::usage || error.fault() == hart::Fault::data ||
                    error.fault() == hart::Fault::denied);
  }
  return 0;
}
