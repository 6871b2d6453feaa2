#include "learn/anomaly.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/error.h"
#include "learn/record_table.h"

using namespace hart::learn;

namespace {

/// What `add` says of a line; empty when it takes it.
std::string refusal(RecordTable& table, const char* line) {
  try {
    table.add(line);
    return {};
  } catch (const hart::Error& error) {
    CHECK(error.fault() == hart::Fault::data);
    return error.what();
  }
}

}  // namespace

TEST_CASE("anomalies: both methods give the mean share of the rows that score lower") {
  const std::vector<double> forest{0.4, 0.9, 0.5, 0.5}, lof{3, 2, 1, 1};
  const auto ranked = rank_anomalies(forest, lof);
  REQUIRE(ranked.size() == 4);
  CHECK(ranked[0].row == 1);
  CHECK(ranked[0].score == doctest::Approx((1 + 2.0 / 3) / 2));
  CHECK(ranked[1].row == 0);
  CHECK(ranked[1].score == doctest::Approx(0.5));
  // Rows 2 and 3 are equal: half of the other counts.
  CHECK(ranked[2].row == 2);
  CHECK(ranked[2].score == doctest::Approx((0.5 + 0.5 / 3) / 2));
  CHECK(ranked[3].score == ranked[2].score);
  CHECK(ranked[0].forest == 0.9);
  CHECK(ranked[0].lof == 2.0);
}

TEST_CASE("anomalies: one method alone gives its own score") {
  const std::vector<double> table{1, 1.1, 1.2, 0.9, 1.05, 0.95, 8};
  AnomalyOptions options;
  options.method = AnomalyMethod::lof;
  options.neighbors = 3;
  const auto lof = find_anomalies(table, 1, options);
  CHECK(lof[0].row == 6);
  CHECK(lof[0].score == lof[0].lof);
  CHECK_FALSE(lof[0].forest.has_value());
  options.method = AnomalyMethod::forest;
  const auto forest = find_anomalies(table, 1, options);
  CHECK(forest[0].row == 6);
  CHECK_FALSE(forest[0].lof.has_value());
  CHECK(find_anomalies({}, 3, options).empty());
}

TEST_CASE("standardise: mean 0, deviation 1, and 0 where a column does not vary") {
  std::vector<double> table{1, 5, 1e149, 3, 5, -1e149, 5, 5, 1e149};
  standardise(table, 3);
  CHECK(table[0] == doctest::Approx(-std::sqrt(1.5)));
  CHECK(table[3] == doctest::Approx(0));
  for (const std::size_t i : {1u, 4u, 7u}) CHECK(table[i] == 0);
  CHECK(table[2] == doctest::Approx(1 / std::sqrt(2.0)));
  std::vector<double> equal{0.1, 0.1, 0.1};
  standardise(equal, 1);
  CHECK(equal == std::vector<double>{0, 0, 0});
}

TEST_CASE("record table: arrays of one length, whatever came before the first good one") {
  RecordTable table{MissingValue::error};
  CHECK(refusal(table, "[]") == "the record holds no number");
  CHECK(refusal(table, "7") == "the record is neither an array nor an object");
  CHECK(refusal(table, "[1,\"a\"]") == "\"element 1\" is not a number");
  CHECK(table.dim() == 0);
  CHECK(refusal(table, "[1,2.5]").empty());
  CHECK(refusal(table, "[1,2,3]") == "the array has 3 elements, the first one 2");
  CHECK(refusal(table, "{\"a\":1}") == "the record is no array, as the first one is");
  CHECK(refusal(table, "[1,null]") == "\"element 1\" is missing");
  CHECK(refusal(table, "[1,1e151]") == "\"element 1\" is beyond 1e150");
  CHECK(refusal(table, "[1,2") != "");
  CHECK(refusal(table, "[3,4]").empty());
  CHECK(table.rows() == 2);
  CHECK(table.take_values() == std::vector<double>{1, 2.5, 3, 4});
  CHECK(table.rows() == 0);
}

TEST_CASE("record table: the first object's numbers are the columns, in order of their names") {
  RecordTable table{MissingValue::error};
  CHECK(refusal(table, R"({"id":3,"b":2,"a":1,"name":"x"})").empty());
  CHECK(table.columns() == std::vector<std::string>{"a", "b"});
  CHECK(refusal(table, R"({"a":1})") == "\"b\" is missing");
  CHECK(refusal(table, R"({"a":1,"b":"2"})") == "\"b\" is not a number");
  CHECK(refusal(table, R"({"a":1,"b":true})") == "\"b\" is not a number");
  CHECK(refusal(table, R"({"b":-1,"c":9,"a":0})").empty());
  CHECK(table.take_values() == std::vector<double>{1, 2, 0, -1});
}

TEST_CASE("record table: named columns, and missing values that become the mean") {
  RecordTable table{MissingValue::mean, {"b", "z"}};
  CHECK(refusal(table, "[1,2]") == "an array has no columns with names");
  CHECK(refusal(table, R"({"b":2,"a":1})").empty());
  CHECK(refusal(table, R"({"b":null})").empty());
  CHECK(refusal(table, R"({"b":6,"z":null})").empty());
  CHECK(table.columns() == std::vector<std::string>{"b", "z"});
  CHECK(table.take_values() == std::vector<double>{2, 0, 4, 0, 6, 0});
}
