#include "common/parser.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "common/option_spec.h"
#include "common/suggest.h"

namespace hart::cli {
namespace {

std::string join_choices(const std::vector<std::string>& choices) {
  std::string text;
  for (const std::string& choice : choices) text += (text.empty() ? "" : ", ") + choice;
  return text;
}

/// 0.5 → "0.5", 10000 → "10000": the shortest form that reads back.
std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

void check_range(const OptionSpec& spec, const std::string& value) {
  if (!spec.range) return;
  double number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  const auto [lowest, highest] = *spec.range;
  if (number < lowest || number > highest)
    throw Error{Fault::usage, "'" + value + "' is not between " + number_text(lowest) +
                                  " and " + number_text(highest)};
}

void check_choices(const OptionSpec& spec, const std::string& value) {
  if (spec.choices.empty()) return;
  if (std::find(spec.choices.begin(), spec.choices.end(), value) != spec.choices.end()) return;
  throw Error{Fault::usage, "'" + value + "' is not one of " + join_choices(spec.choices)};
}

}  // namespace

Parser::Result Parser::parse(const std::vector<std::string>& arguments) {
  arguments_ = &arguments;
  result_.command = &root_;
  bool options_ended = false;
  while (next_ < arguments.size() && result_.request == Request::act) {
    const std::string& argument = arguments[next_++];
    if (options_ended || !is_option(argument)) {
      take_positional(argument);
    } else if (argument == "--") {
      options_ended = true;
    } else if (argument.starts_with("--")) {
      take_long(argument);
    } else {
      take_short(argument);
    }
  }
  if (result_.request == Request::act) {
    if (!result_.command->action_) {
      result_.request = Request::usage;
    } else {
      check_complete();
    }
  }
  return result_;
}

bool Parser::is_option(const std::string& argument) const {
  if (argument.size() < 2 || argument[0] != '-') return false;
  // A negative number is a value, unless an option of that name exists.
  const bool number =
      std::isdigit(static_cast<unsigned char>(argument[1])) || argument[1] == '.';
  return !number || find(argument.substr(0, 2)) != nullptr;
}

OptionSpec* Parser::find(const std::string& name) const {
  const auto matches = [&](const OptionSpec& spec) {
    return std::find(spec.names.begin(), spec.names.end(), name) != spec.names.end();
  };
  for (const Command* command = result_.command; command; command = command->parent_) {
    for (const auto& spec : command->options_)
      if (matches(*spec)) return spec.get();
  }
  for (OptionSpec* spec : common_)
    if (matches(*spec) && (name != "--dry-run" || result_.command->accepts_dry_run_))
      return spec;
  return nullptr;
}

void Parser::unknown_option(const std::string& name) const {
  std::vector<std::string> known{"--help", "--version"};
  for (const Command* command = result_.command; command; command = command->parent_)
    for (const auto& spec : command->options_)
      known.insert(known.end(), spec->names.begin(), spec->names.end());
  for (const OptionSpec* spec : common_)
    if (find(spec->names.back()))
      known.insert(known.end(), spec->names.begin(), spec->names.end());
  throw Error{Fault::usage, "unknown option '" + name + "'" + suggestion(name, known)};
}

std::string Parser::next_value(const std::string& name) {
  if (next_ == arguments_->size())
    throw Error{Fault::usage, "option '" + name + "' needs a value"};
  return (*arguments_)[next_++];
}

void Parser::take_long(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  const std::string name = argument.substr(0, equals);
  const bool has_value = equals != std::string::npos;
  if (name == "--help" && !has_value) {
    result_.request = Request::help;
    return;
  }
  if (name == "--version" && !has_value) {
    result_.request = Request::version;
    return;
  }
  OptionSpec* const spec = find(name);
  if (!spec) unknown_option(name);
  if (spec->is_flag()) {
    if (has_value) throw Error{Fault::usage, "option '" + name + "' takes no value"};
    take_value(*spec, name, {});
  } else {
    take_value(*spec, name, has_value ? argument.substr(equals + 1) : next_value(name));
  }
}

void Parser::take_short(const std::string& argument) {
  for (std::size_t i = 1; i < argument.size(); ++i) {
    const std::string name{'-', argument[i]};
    if (name == "-h") {
      result_.request = Request::help;
      return;
    }
    OptionSpec* const spec = find(name);
    if (!spec) unknown_option(argument.size() == 2 ? name : argument);
    if (spec->is_flag()) {
      take_value(*spec, name, {});
      continue;
    }
    const std::string rest = argument.substr(i + 1);
    take_value(*spec, name, rest.empty() ? next_value(name) : rest);
    return;
  }
}

void Parser::take_value(OptionSpec& spec, const std::string& name, const std::string& value) {
  try {
    check_choices(spec, value);
    spec.set(value);
    check_range(spec, value);
  } catch (const Error& error) {
    throw Error{error.fault(), name + ": " + error.what()};
  }
  spec.seen = true;
}

void Parser::take_positional(const std::string& argument) {
  Command& command = *result_.command;
  if (command.subcommands_.empty()) {
    if (positional_ == command.positionals_.size())
      throw Error{Fault::usage, "unexpected argument '" + argument + "'"};
    OptionSpec& spec = *command.positionals_[positional_];
    take_value(spec, spec.metavar, argument);
    if (!spec.repeatable) ++positional_;
    return;
  }
  std::vector<std::string> names;
  for (const auto& subcommand : command.subcommands_) {
    if (subcommand->name_ == argument) {
      result_.command = subcommand.get();
      return;
    }
    names.push_back(subcommand->name_);
  }
  if (&command == &root_ && argument == "help") {
    result_.request = Request::manual;
    result_.subject.assign(arguments_->begin() + static_cast<std::ptrdiff_t>(next_),
                           arguments_->end());
    return;
  }
  throw Error{Fault::usage,
              "unknown subcommand '" + argument + "'" + suggestion(argument, names)};
}

void Parser::check_complete() const {
  const Command& command = *result_.command;
  for (const auto* specs : {&command.positionals_, &command.options_}) {
    for (const auto& spec : *specs) {
      if (!spec->required || spec->seen) continue;
      throw Error{Fault::usage, (spec->names.empty() ? "argument " : "option ") +
                                    spec->label() + " is missing"};
    }
  }
}

}  // namespace hart::cli
