// Runs the read-only scenarios of the openCypher TCK and compares those that fail with a list:
// a failure that is not on it, and an entry that passes, both end in status 1.
//
//   cypher_tck DIRECTORY FAILURES [--show TEXT]
//
// DIRECTORY holds features/ and graphs/. In FAILURES, "~ " before a name says that the system
// decides (its time zones). --show says why scenarios fail whose names have TEXT. Status 77: no
// features, or no time zones.

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include "core/error.h"
#include "cypher_tck_expected.h"
#include "cypher_tck_feature.h"
#include "prov/cypher/query.h"
#include "prov/cypher/scratch_graph.h"

namespace {

namespace cypher = hart::prov::cypher;
namespace fs = std::filesystem;
using cypher_tck::Scenario;
using cypher_tck::Step;

std::string read_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{path.string() + ": cannot be read"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

bool writes_or_calls(const std::string& query) {
  static const std::set<std::string> kWords{"CREATE", "MERGE",  "DELETE",
                                            "SET",    "REMOVE", "CALL"};
  std::string word;
  for (const char c : query + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      continue;
    }
    if (kWords.contains(word)) return true;
    word.clear();
  }
  return false;
}

bool is_read_only(const Scenario& scenario) {
  return std::none_of(scenario.steps.begin(), scenario.steps.end(), [](const Step& step) {
    return step.text.starts_with("there exists a procedure") ||
           (step.text.starts_with("executing") && writes_or_calls(step.docstring));
  });
}

/// Executes the steps of one scenario; throws std::exception when one does not hold.
class ScenarioRun {
 public:
  explicit ScenarioRun(fs::path directory) : directory_{std::move(directory)} {}

  void step(const Step& step) {
    const std::string& text = step.text;
    if (text == "an empty graph" || text == "any graph") {
      graph_ = {};
    } else if (text.starts_with("the ") && text.ends_with(" graph")) {
      const std::string name = text.substr(4, text.size() - 10);
      graph_.execute(read_file(directory_ / "graphs" / name / (name + ".cypher")));
    } else if (text.starts_with("having executed")) {
      graph_.execute(step.docstring);
    } else if (text.starts_with("parameters are")) {
      for (const auto& row : step.table)
        parameters_[row.at(0)] = cypher_tck::parameter_value(row.at(1));
    } else if (text.starts_with("executing")) {
      execute(step.docstring);
    } else if (text.starts_with("the result should be")) {
      compare(step);
    } else if (text.find(" should be raised at ") != std::string::npos) {
      expect_error(text);
    } else if (!text.starts_with("no side effects")) {
      throw std::runtime_error{"no such step: " + text};
    }
  }

  void end() const {
    if (error_) throw std::runtime_error{"unexpected: " + *error_};
  }

 private:
  void execute(const std::string& text) {
    end();
    columns_.clear();
    rows_.clear();
    try {
      const cypher::Query query{text};
      columns_ = query.columns();
      cypher::Budget budget{10'000'000, std::chrono::seconds{20}};
      query.run(graph_, parameters_, budget, [&](std::span<const cypher::Value> row) {
        rows_.emplace_back(row.begin(), row.end());
        return true;
      });
    } catch (const hart::Error& error) {
      error_ = error.what();
      fault_ = error.fault();
    }
  }

  void compare(const Step& step) {
    end();
    const bool in_order = step.text.find("in order") != std::string::npos;
    const auto lists = step.text.find("ignoring element order") != std::string::npos
                           ? cypher::ListOrder::sorted
                           : cypher::ListOrder::kept;
    std::vector<std::string> expected;
    const bool empty = step.table.empty();
    for (std::size_t i = 1; i < step.table.size(); ++i)
      expected.push_back(expected_row(step.table[0], step.table[i], lists));
    std::vector<std::string> found;
    for (const auto& row : rows_) found.push_back(found_row(row, lists));
    if (!in_order) std::sort(expected.begin(), expected.end());
    if (!in_order) std::sort(found.begin(), found.end());
    if (!empty) compare_columns(step.table[0]);
    if (expected != found)
      throw std::runtime_error{"expected " + joined(expected) + "\n    found    " +
                               joined(found)};
  }

  void compare_columns(std::vector<std::string> expected) const {
    std::vector<std::string> found = columns_;
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    if (expected != found)
      throw std::runtime_error{"expected columns " + joined(expected) + ", found " +
                               joined(found)};
  }

  /// Cells ordered by their columns' names.
  static std::string row_text(const std::vector<std::string>& columns,
                              const std::vector<std::string>& cells) {
    std::multimap<std::string, std::string> row;
    for (std::size_t i = 0; i < columns.size(); ++i) row.emplace(columns[i], cells.at(i));
    std::string text;
    for (const auto& [column, cell] : row) text += cell + " | ";
    return text;
  }

  static std::string expected_row(const std::vector<std::string>& head,
                                  const std::vector<std::string>& row,
                                  cypher::ListOrder lists) {
    std::vector<std::string> cells;
    cells.reserve(row.size());
    for (const std::string& cell : row)
      cells.push_back(cypher_tck::canonical_text(cell, lists));
    return row_text(head, cells);
  }

  std::string found_row(const std::vector<cypher::Value>& row, cypher::ListOrder lists) const {
    std::vector<std::string> cells;
    cells.reserve(row.size());
    for (const cypher::Value& value : row)
      cells.push_back(cypher::value_text(value, graph_, lists));
    return row_text(columns_, cells);
  }

  static std::string joined(const std::vector<std::string>& rows) {
    std::string text;
    for (const std::string& row : rows) text += "{" + row + "} ";
    return text;
  }

  // "a TYPE should be raised at PHASE: DETAIL"
  void expect_error(const std::string& text) {
    const std::size_t type_at = text.find(' ') + 1;
    const std::string type = text.substr(type_at, text.find(' ', type_at) - type_at);
    const std::size_t colon = text.rfind(": ");
    const std::string detail = text.substr(colon + 2);
    if (!error_) throw std::runtime_error{"expected " + type + ": " + detail + ", found none"};
    const std::string code = "(" + type + ": " + (detail == "*" ? "" : detail + ")");
    const bool compile = text.find("at compile time") != std::string::npos;
    const bool run = text.find("at runtime") != std::string::npos;
    if (error_->find(code) == std::string::npos || (compile && fault_ != hart::Fault::usage) ||
        (run && fault_ != hart::Fault::data))
      throw std::runtime_error{"expected " + text + ", found " + *error_};
    error_.reset();
  }

  fs::path directory_;
  cypher::ScratchGraph graph_;
  cypher::Map parameters_;
  std::vector<std::string> columns_;
  std::vector<std::vector<cypher::Value>> rows_;
  std::optional<std::string> error_;
  hart::Fault fault_ = hart::Fault::internal;
};

/// Why a scenario fails; nothing if it passes.
std::optional<std::string> failure(const fs::path& directory, const Scenario& scenario) {
  try {
    ScenarioRun run{directory};
    for (const Step& step : scenario.steps) run.step(step);
    run.end();
    return std::nullopt;
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::set<std::string> read_list(const fs::path& path) {
  std::set<std::string> names;
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line.front() != '#') names.insert(line);
  return names;
}

struct Outcome {
  std::size_t passed = 0, skipped = 0;
  std::set<std::string> failed;
};

Outcome run_all(const fs::path& directory, const std::optional<std::string>& show) {
  std::vector<fs::path> features;
  for (const auto& entry : fs::recursive_directory_iterator{directory / "features"})
    if (entry.path().extension() == ".feature") features.push_back(entry.path());
  std::sort(features.begin(), features.end());
  Outcome outcome;
  for (const fs::path& path : features) {
    for (const Scenario& scenario :
         cypher_tck::parse_feature(read_file(path), path.stem().string())) {
      if (!is_read_only(scenario)) {
        ++outcome.skipped;
        continue;
      }
      const auto why = failure(directory, scenario);
      if (!why) {
        ++outcome.passed;
        continue;
      }
      outcome.failed.insert(scenario.name);
      if (show && scenario.name.find(*show) != std::string::npos)
        std::printf("%s\n    %s\n", scenario.name.c_str(), why->c_str());
    }
  }
  return outcome;
}

constexpr const char* kMayFail = "~ ";

int report(const Outcome& outcome, const std::set<std::string>& listed) {
  std::printf("passed %zu, failed %zu, skipped %zu (writing clauses and procedures)\n",
              outcome.passed, outcome.failed.size(), outcome.skipped);
  bool same = true;
  for (const std::string& name : outcome.failed)
    if (!listed.contains(name) && !listed.contains(kMayFail + name)) {
      std::printf("fails and is not listed: %s\n", name.c_str());
      same = false;
    }
  for (const std::string& name : listed)
    if (!name.starts_with(kMayFail) && !outcome.failed.contains(name)) {
      std::printf("is listed and does not fail: %s\n", name.c_str());
      same = false;
    }
  return same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: cypher_tck DIRECTORY FAILURES [--show TEXT]\n");
    return 2;
  }
  if (!fs::exists(fs::path{argv[1]} / "features") ||
      !fs::exists("/usr/share/zoneinfo/Europe")) {
    std::printf("skipped: no features in %s, or no /usr/share/zoneinfo\n", argv[1]);
    return 77;
  }
  std::optional<std::string> show;
  for (int i = 3; i < argc; ++i) {
    if (std::string{argv[i]} == "--show" && i + 1 < argc) show = argv[++i];
  }
  const Outcome outcome = run_all(argv[1], show);
  return report(outcome, read_list(argv[2]));
}
