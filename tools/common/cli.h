#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/output.h"
#include "core/error.h"
#include "core/json.h"

namespace hart::store {
class Store;
}

/// The frame of every tool: the command line, the exit status, the output.
///
/// A tool is a folder tools/hart-NAME/ with a main.cc that lists its subcommands and one
/// cmd_*.cc for each. The build picks up every *.cc of the folder. For example:
///
///     // cmd_neighbors.cc
///     struct NeighborsOptions {
///       std::string atom;
///       unsigned k = 10;
///       std::optional<std::string> modality;
///     };
///
///     int neighbors(const NeighborsOptions& options, Context& context) {
///       store::Store store = context.open_store();
///       const auto hits = search::neighbors(store, options.atom, options.k);
///       for (const auto& hit : hits) context.out.write({{"type", "hit"}, {"rank", hit.rank}});
///       return hits.empty() ? 1 : 0;
///     }
///
///     void add_neighbors(Command& tool) {
///       Command& command = tool.subcommand("neighbors", "Atoms nearest to an atom");
///       auto& options = command.options<NeighborsOptions>();
///       command.positional("ATOM", options.atom, "atom id, prefix or name");
///       command.option("-k,--count", "N", options.k, "how many").range(1, 10'000);
///       command.option("--modality", "NAME", options.modality, "only this").choices({"text"});
///       command.action([&options](Context& context) { return neighbors(options, context); });
///     }
///
///     // main.cc
///     int main(int argc, char** argv) {
///       hart::cli::Tool tool{"hart-search", "Find what a store holds"};
///       add_neighbors(tool.root());
///       return tool.run(argc, argv);
///     }
namespace hart::cli {

/// What every command understands (cli.md, "Common"), before or after the subcommand.
struct CommonOptions {
  std::string store;  ///< --store; empty: HART_STORE, else the nearest .hart upward
  std::string tenant = "default";  ///< --tenant, HART_TENANT
  bool tenant_given = false;       ///< by either
  std::string api_key_file;        ///< --api-key-file; empty: HART_API_KEY
  std::string payload_key_file;    ///< --payload-key, HART_PAYLOAD_KEY_FILE; empty: none
  bool payload_key_given = false;  ///< by the option
  std::string format = "auto";     ///< "auto", "human" or "jsonl"
  std::string device =
      "auto";             ///< "auto" or "cpu"; "cuda" without a device ends with status 69
  unsigned threads = 0;   ///< never 0 once an action runs
  double timeout_s = 30;  ///< how long to wait for a lock
  bool quiet = false;
  bool verbose = false;
  bool no_progress = false;
  bool dry_run = false;  ///< only where the command declared Command::dry_run()
};

class RequestMeter;

/// What an action works with.
struct Context {
  std::string tool;  ///< "hart-search"
  CommonOptions common;
  Output& out;
  std::string verb = {};     ///< the command, "index.build"
  std::string api_key = {};  ///< what acts, or empty
  /// Counts the lines of a stream against the limit of the key, once a store was opened with
  /// one.
  std::shared_ptr<RequestMeter> meter = {};

  /// The store that `--store` and the environment name, to act as a tenant: an API key that was
  /// given must permit it, and without one the tenant must need none. Throws as
  /// store::find_store, store::admit and store::Store do. Include "store/store.h" where this is
  /// called.
  [[nodiscard]] store::Store open_store(bool writable = false) const;
  /// The same to look after the store, for all tenants or in the place of one: for the owner of
  /// its files.
  [[nodiscard]] store::Store open_store_as_owner(bool writable = false) const;
  /// The store as it was, for reading: `as_of` is an instant (common/instant.h) or the name of
  /// a snapshot, which shows what the snapshot holds. Without one, the store as it is. Throws
  /// Error(no_input) for a snapshot that is not there. `as_owner`: as open_store_as_owner does.
  [[nodiscard]] store::Store open_store_as_of(const std::optional<std::string>& as_of,
                                              bool as_owner = false) const;
  /// The store for a command that answers and reports what it used: open for writing or, where
  /// writing is not permitted, for reading only, with a diagnostic that nothing is recorded.
  [[nodiscard]] store::Store open_store_to_report() const;

  /// `hart-TOOL: message` on standard error, one line. Errors are thrown instead: hart::Error's
  /// message and status are mapped by Tool::run.
  void diagnostic(std::string_view message) const;
  /// The same, unless `--quiet`.
  void notice(std::string_view message) const;
  /// The same, with `--verbose` only.
  void detail(std::string_view message) const;

  /// Throws Interrupted after SIGINT or SIGTERM. Call between items, never inside one;
  /// LineStream and Progress do it for you. A second signal ends the tool at once.
  void check_interrupt() const;
};

/// Thrown by Context::check_interrupt; the tool exits with 128 + signal.
struct Interrupted {
  int signal;
};

using Action = std::function<int(Context&)>;

struct OptionSpec;

/// Qualifies the option just declared; every member returns the same handle.
class Option {
 public:
  explicit Option(OptionSpec& spec) : spec_{spec} {}
  Option& required();
  Option& choices(std::vector<std::string> values);  ///< for strings: nothing else is accepted
  Option& range(double lowest, double highest);      ///< for numbers: both ends included
  Option& hidden();                                  ///< accepted, not listed

 private:
  OptionSpec& spec_;
};

/// A subcommand, or the tool itself. Values may be bool (a flag), std::string, int, unsigned,
/// std::int64_t, std::uint64_t, float, double, std::optional of any of these but bool, and
/// std::vector<std::string> (repeatable, one value each time). Numbers are decimal, checked for
/// range and trailing characters. A default that is not empty stands in the help.
class Command {
 public:
  Command(std::string name, std::string summary);
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  /// A nested command, as `build` in `hart-search index build`.
  Command& subcommand(const std::string& name, const std::string& summary);

  /// Storage for this command's options, owned by the command.
  template <typename T> T& options() {
    auto held = std::make_shared<T>();
    owned_.push_back(held);
    return *held;
  }

  /// `names` as "-k,--count" or "--count"; `metavar` as "N", "FILE". A string option whose
  /// value is "-" is left as it is: it means standard input or output to the action.
  template <typename T>
  Option option(const std::string& names, const std::string& metavar, T& value,
                const std::string& help);
  /// An option without a value: sets `value` to true.
  Option flag(const std::string& names, bool& value, const std::string& help);

  /// A required argument; with std::optional an optional one; with std::vector<std::string> all
  /// the rest (at least one with .required()).
  template <typename T>
  Option positional(const std::string& metavar, T& value, const std::string& help);

  /// Accepts `--dry-run` for this command: CommonOptions::dry_run.
  void dry_run();

  void action(Action action) { action_ = std::move(action); }
  /// The names of the commands above and its own, joined by dots, without the tool's:
  /// "index.build".
  [[nodiscard]] std::string path() const;
  /// Lists this subcommand by its name alone, with the others of `topic`, so that the help of a
  /// tool with many subcommands fits a screen. One capitalised word or two.
  Command& topic(std::string topic) {
    topic_ = std::move(topic);
    return *this;
  }

 private:
  friend class Tool;
  friend class Parser;
  friend class Help;
  std::string name_;
  std::string summary_;
  std::string topic_;
  Command* parent_ = nullptr;
  bool accepts_dry_run_ = false;
  Action action_;
  std::vector<std::unique_ptr<Command>> subcommands_;
  std::vector<std::unique_ptr<OptionSpec>> options_;
  std::vector<std::unique_ptr<OptionSpec>> positionals_;
  std::vector<std::shared_ptr<void>> owned_;
};

/// One of the six tools.
class Tool {
 public:
  Tool(std::string name, std::string summary);
  ~Tool();

  [[nodiscard]] Command& root() noexcept { return root_; }

  /// Parses, acts, and maps every outcome to an exit status (cli.md): the action's own value,
  /// Error's fault, 70 for any other exception, 128 + n for a signal n (141 when the reader of
  /// standard output is gone). Prints the one diagnostic of a failure.
  int run(int argc, char** argv);

 private:
  int dispatch(int argc, char** argv);
  int act(const Command& command, Output& out, const std::string& api_key);

  Command root_;
  CommonOptions common_;
};

/// The whole content of a file argument: a path, or "-" for standard input; at most
/// `limit_bytes`. Throws Error(no_input) and kin for paths, Error(data) beyond the limit.
[[nodiscard]] std::string read_input(const std::string& path,
                                     std::uint64_t limit_bytes = std::uint64_t{1} << 30);

}  // namespace hart::cli
