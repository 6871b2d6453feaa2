#pragma once

#include <string>
#include <vector>

#include "common/cli.h"

namespace hart::cli {

struct OptionSpec;

/// The texts that describe a command. All end with a newline.
class Help {
 public:
  Help(const Command& root, const std::vector<OptionSpec*>& common)
      : root_{root}, common_{common} {}

  /// What `--help` prints: for the tool its subcommands, for a subcommand its options.
  [[nodiscard]] std::string full(const Command& command) const;
  /// A few lines for a call that names no action.
  [[nodiscard]] std::string short_usage(const Command& command) const;
  /// The name as typed: "hart-search index build".
  [[nodiscard]] std::string path(const Command& command) const;
  /// The command that these words name. Throws Error(usage) with a suggestion.
  [[nodiscard]] const Command& find(const std::vector<std::string>& words) const;

 private:
  [[nodiscard]] std::string usage_line(const Command& command) const;
  [[nodiscard]] std::string common_block(const Command& command) const;

  const Command& root_;
  const std::vector<OptionSpec*>& common_;
};

/// Opens the tool's manual page, at `topic` where the pager can: replaces this process by
/// `man`. Returns only when there is no page or no `man`.
void open_manual(const std::string& tool, const std::string& topic);

}  // namespace hart::cli
