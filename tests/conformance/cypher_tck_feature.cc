#include "cypher_tck_feature.h"

#include <optional>
#include <sstream>

namespace cypher_tck {

namespace {

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(" \t\r") - first + 1)};
}

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> row;
  std::string cell;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && (line[i + 1] == '|' || line[i + 1] == '\\')) {
      cell += line[++i];
    } else if (line[i] == '|') {
      row.push_back(trimmed(cell));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  return row;
}

struct Block {
  std::string title;
  std::vector<Step> steps;
  std::vector<Table> examples;
};

std::string substituted(std::string text, const std::vector<std::string>& head,
                        const std::vector<std::string>& row) {
  for (std::size_t i = 0; i < head.size() && i < row.size(); ++i) {
    const std::string mark = "<" + head[i] + ">";
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos;
         at += row[i].size())
      text.replace(at, mark.size(), row[i]);
  }
  return text;
}

class FeatureReader {
 public:
  FeatureReader(std::string_view text, const std::string& stem)
      : lines_{std::string{text}}, stem_{stem} {}

  std::vector<Scenario> read() {
    std::string line;
    while (std::getline(lines_, line)) take(line);
    std::vector<Scenario> scenarios;
    for (const Block& block : blocks_) write_out(block, scenarios);
    return scenarios;
  }

 private:
  void take(const std::string& raw) {
    const std::string line = trimmed(raw);
    if (line.empty() || line.front() == '#' || line.front() == '@') return;
    if (line.starts_with("Background:")) {
      current_ = &background_;
    } else if (line.starts_with("Scenario")) {
      blocks_.push_back({trimmed(line.substr(line.find(':') + 1)), {}, {}});
      current_ = &blocks_.back();
      in_examples_ = false;
    } else if (line.starts_with("Examples:")) {
      current_->examples.emplace_back();
      in_examples_ = true;
    } else if (line.starts_with("\"\"\"")) {
      current_->steps.back().docstring = docstring();
    } else if (line.front() == '|') {
      (in_examples_ ? current_->examples.back() : current_->steps.back().table)
          .push_back(cells(line));
    } else if (current_ != nullptr) {
      for (const char* word : {"Given ", "When ", "Then ", "And ", "But ", "* "})
        if (line.starts_with(word)) {
          std::string text = line.substr(std::string_view{word}.size());
          if (const std::size_t comment = text.find('#'); comment != std::string::npos)
            text = trimmed(text.substr(0, comment));
          current_->steps.push_back({text, {}, {}});
        }
    }
  }

  std::string docstring() {
    std::string text, line;
    while (std::getline(lines_, line) && !trimmed(line).starts_with("\"\"\""))
      text += line + "\n";
    return text;
  }

  void write_out(const Block& block, std::vector<Scenario>& out) const {
    Scenario scenario{stem_ + " " + block.title, background_.steps};
    scenario.steps.insert(scenario.steps.end(), block.steps.begin(), block.steps.end());
    if (block.examples.empty()) {
      out.push_back(std::move(scenario));
      return;
    }
    int number = 0;
    for (const Table& table : block.examples)
      for (std::size_t i = 1; i < table.size(); ++i)
        out.push_back(example(scenario, table[0], table[i], ++number));
  }

  static Scenario example(const Scenario& outline, const std::vector<std::string>& head,
                          const std::vector<std::string>& row, int number) {
    Scenario scenario{outline.name + " #" + std::to_string(number), outline.steps};
    for (Step& step : scenario.steps) {
      step.text = substituted(step.text, head, row);
      step.docstring = substituted(step.docstring, head, row);
      for (auto& cells_of_row : step.table)
        for (std::string& cell : cells_of_row) cell = substituted(cell, head, row);
    }
    return scenario;
  }

  std::istringstream lines_;
  std::string stem_;
  Block background_;
  std::vector<Block> blocks_;
  Block* current_ = nullptr;
  bool in_examples_ = false;
};

}  // namespace

std::vector<Scenario> parse_feature(std::string_view text, const std::string& stem) {
  return FeatureReader{text, stem}.read();
}

}  // namespace cypher_tck
