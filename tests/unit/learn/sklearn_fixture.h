#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "core/json.h"

/// A file of tests/data/anomalies, which make_fixtures.py there has written.
inline hart::Json read_fixture(const std::string& name) {
  const std::string path = std::string{HART_TEST_DATA} + "/anomalies/" + name;
  std::ifstream file{path};
  CAPTURE(path);
  REQUIRE(file.good());
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  return hart::parse_json(text, name);
}

/// The rows of a table, one after the other.
inline std::vector<double> flatten(const hart::Json& rows) {
  std::vector<double> values;
  for (const hart::Json& row : rows)
    for (const hart::Json& value : row) values.push_back(value.get<double>());
  return values;
}
