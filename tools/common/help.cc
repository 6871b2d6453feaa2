#include "common/help.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "common/executable.h"
#include "common/option_spec.h"
#include "common/suggest.h"

namespace hart::cli {
namespace {

constexpr std::size_t kLineWidth = 79;
constexpr std::size_t kWidestLabel = 26;

/// "-k, --count N"; long options stand in one column whether or not there is a short one.
std::string label(const OptionSpec& spec, bool aligned) {
  std::string text =
      aligned && spec.names.size() == 1 && spec.names[0].starts_with("--") ? "    " : "";
  for (const std::string& name : spec.names)
    text += (text.empty() || text.back() == ' ' ? "" : ", ") + name;
  if (!spec.metavar.empty()) text += (spec.names.empty() ? "" : " ") + spec.metavar;
  return text;
}

/// Words of `text` in lines from `column` to the right border; starts at `column`.
void append_wrapped(std::string& out, const std::string& text, std::size_t column) {
  std::size_t used = column;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::size_t length = end - begin;
    const bool first = used == column;
    if (!first && used + 1 + length > kLineWidth) {
      out += "\n" + std::string(column, ' ');
      used = column;
    } else if (!first) {
      out += ' ';
      ++used;
    }
    out.append(text, begin, length);
    used += length;
    begin = end + 1;
  }
  out += '\n';
}

void append_entry(std::string& out, const std::string& name, const std::string& text,
                  std::size_t width) {
  const std::size_t column = 2 + width + 2;
  out += "  " + name;
  if (name.size() > width) {
    out += "\n" + std::string(column, ' ');
  } else {
    out.append(width - name.size() + 2, ' ');
  }
  append_wrapped(out, text, column);
}

std::string describe(const OptionSpec& spec) {
  std::string text = spec.help;
  std::string notes;
  if (!spec.choices.empty()) {
    for (const std::string& choice : spec.choices) notes += (notes.empty() ? "" : "|") + choice;
  }
  if (!spec.default_text.empty())
    notes += (notes.empty() ? "default " : "; default ") + spec.default_text;
  return notes.empty() ? text : text + " (" + notes + ")";
}

std::string positional_usage(const OptionSpec& spec) {
  std::string text = spec.metavar + (spec.repeatable ? "..." : "");
  return spec.required ? text : "[" + text + "]";
}

}  // namespace

std::string Help::path(const Command& command) const {
  return command.parent_ ? path(*command.parent_) + " " + command.name_ : command.name_;
}

std::string Help::usage_line(const Command& command) const {
  std::string line = "Usage: " + path(command);
  if (!command.subcommands_.empty()) return line + " SUBCOMMAND [OPTIONS] [ARGUMENTS]\n";
  for (const auto& spec : command.options_)
    if (spec->required) line += " " + label(*spec, false);
  line += " [OPTIONS]";
  for (const auto& spec : command.positionals_) line += " " + positional_usage(*spec);
  return line + "\n";
}

std::string Help::common_block(const Command& command) const {
  std::string out = "Common options:";
  std::size_t used = kLineWidth;
  const auto add = [&](const std::string& text) {
    if (used + 2 + text.size() > kLineWidth) {
      out += "\n  ";
      used = 2;
    } else {
      out += "  ";
      used += 2;
    }
    out += text;
    used += text.size();
  };
  for (const OptionSpec* spec : common_)
    if (spec->names.back() != "--dry-run" || command.accepts_dry_run_) add(label(*spec, false));
  add("-h, --help");
  add("--version");
  return out + "\n";
}

std::string Help::full(const Command& command) const {
  std::string out = usage_line(command) + "\n" + command.summary_ + ".\n\n";
  std::size_t width = 0;
  for (const auto& subcommand : command.subcommands_)
    width = std::max(width, subcommand->name_.size());
  for (const auto* specs : {&command.positionals_, &command.options_})
    for (const auto& spec : *specs) width = std::max(width, label(*spec, true).size());
  width = std::min(width, kWidestLabel);

  // By topic, in the order in which the topics come up.
  std::vector<std::pair<std::string, std::string>> topics;
  for (const auto& subcommand : command.subcommands_) {
    if (subcommand->topic_.empty()) {
      append_entry(out, subcommand->name_, subcommand->summary_, width);
      continue;
    }
    const std::string label = subcommand->topic_ + ":";
    if (topics.empty() || topics.back().first != label) topics.emplace_back(label, "");
    topics.back().second += (topics.back().second.empty() ? "" : " ") + subcommand->name_;
  }
  for (const auto& [label, names] : topics) append_entry(out, label, names, width);
  for (const auto& spec : command.positionals_)
    append_entry(out, label(*spec, true), describe(*spec), width);
  for (const auto& spec : command.options_)
    if (!spec->hidden) append_entry(out, label(*spec, true), describe(*spec), width);
  if (out.back() != '\n' || !out.ends_with("\n\n")) out += "\n";
  out += common_block(command);
  std::string topic;
  for (const Command* at = &command; at->parent_; at = at->parent_)
    topic = " " + at->name_ + topic;
  out += "Manual: " + root_.name_ + " help" + topic + "\n";
  return out;
}

std::string Help::short_usage(const Command& command) const {
  std::string out = usage_line(command);
  std::string names;
  for (const auto& subcommand : command.subcommands_)
    names += (names.empty() ? "" : " ") + subcommand->name_;
  out += "Subcommands: ";
  append_wrapped(out, names, 13);
  return out + "See '" + path(command) + " --help'.\n";
}

const Command& Help::find(const std::vector<std::string>& words) const {
  const Command* command = &root_;
  for (const std::string& word : words) {
    std::vector<std::string> names;
    const Command* found = nullptr;
    for (const auto& subcommand : command->subcommands_) {
      names.push_back(subcommand->name_);
      if (subcommand->name_ == word) found = subcommand.get();
    }
    if (!found)
      throw Error{Fault::usage, "unknown subcommand '" + word + "'" + suggestion(word, names)};
    command = found;
  }
  return *command;
}

void open_manual(const std::string& tool, const std::string& topic) {
  namespace fs = std::filesystem;
  const std::string page = tool + ".1";
  const fs::path installed = executable_directory() / "../share/man/man1" / page;
  std::error_code ignored;
  std::string path;
  if (fs::exists(installed, ignored)) {
    path = installed;
  } else if (const auto root = source_root()) {
    if (fs::exists(*root / "man" / page, ignored)) path = *root / "man" / page;
  }
  if (path.empty()) return;
  if (!topic.empty() && isatty(STDOUT_FILENO)) {
    const std::string at_topic = "+/^ *" + topic;
    setenv("LESS", at_topic.c_str(), 1);
  }
  signal(SIGPIPE, SIG_DFL);
  execlp("man", "man", "-l", path.c_str(), static_cast<char*>(nullptr));
}

}  // namespace hart::cli
