#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

// The part of Gherkin that the openCypher TCK uses.

namespace cypher_tck {

using Table = std::vector<std::vector<std::string>>;  ///< the first row is the head

struct Step {
  std::string text;  ///< without Given, When, Then, And
  std::string docstring;
  Table table;
};

struct Scenario {
  std::string name;  ///< "Match1 [3] title", of an outline with "#2" for the second example
  std::vector<Step> steps;
};

/// The scenarios of a .feature file, outlines written out, the background in front of each.
std::vector<Scenario> parse_feature(std::string_view text, const std::string& stem);

}  // namespace cypher_tck
