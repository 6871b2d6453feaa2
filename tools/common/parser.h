#pragma once

#include <string>
#include <vector>

#include "common/cli.h"

namespace hart::cli {

struct OptionSpec;

/// Reads a command line into the variables that were declared.
///
/// Written by hand rather than with CLI11 because arguments here are arbitrary text, and
/// CLI11 2.1 gives meanings to some: it splits "[a,b]", ends a subcommand at "++", and lets
/// "--stop=" take the word after it.
class Parser {
 public:
  enum class Request { act, help, version, manual, usage };

  struct Result {
    Request request = Request::act;
    Command* command = nullptr;        ///< the innermost one named
    std::vector<std::string> subject;  ///< for `manual`: what follows `help`
  };

  /// `common` are the options that every command has. Throws Error(usage).
  Parser(Command& root, const std::vector<OptionSpec*>& common)
      : root_{root}, common_{common} {}

  [[nodiscard]] Result parse(const std::vector<std::string>& arguments);

 private:
  void take_long(const std::string& argument);
  void take_short(const std::string& argument);
  void take_positional(const std::string& argument);
  void take_value(OptionSpec& spec, const std::string& name, const std::string& value);
  [[nodiscard]] std::string next_value(const std::string& name);
  [[nodiscard]] OptionSpec* find(const std::string& name) const;
  [[nodiscard]] bool is_option(const std::string& argument) const;
  [[noreturn]] void unknown_option(const std::string& name) const;
  void check_complete() const;

  Command& root_;
  const std::vector<OptionSpec*>& common_;
  const std::vector<std::string>* arguments_ = nullptr;
  std::size_t next_ = 0;
  std::size_t positional_ = 0;
  Result result_;
};

}  // namespace hart::cli
