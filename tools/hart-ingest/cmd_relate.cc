#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "commands.h"
#include "common/line_stream.h"
#include "core/error.h"
#include "store/catalog.h"
#include "store/relation.h"

namespace hart::ingest {
namespace {

/// Lines that are answered after one commit, when so many have arrived.
constexpr std::size_t kBatchLines = 8'192;

struct RelateOptions {
  std::optional<std::string> source;
  std::optional<std::string> target;
  std::string type;
  double weight = 1;
  std::string jsonl;
  bool remove = false;
};

/// One edge as a user names it.
struct NamedRelation {
  std::string source;
  std::string target;
  std::string type;
  double weight = 1;
};

struct End {
  std::int64_t atom_id = 0;
  std::string id;
};

/// Relates atoms, or parts them, inside one transaction.
class Relater {
 public:
  Relater(store::Store& store, bool remove, bool dry_run)
      : store_{store},
        remove_{remove},
        dry_run_{dry_run},
        transaction_{store},
        writer_{store} {}

  /// The record of what was done.
  Json relate(const NamedRelation& named);
  /// A dry run leaves everything as it was.
  void finish() {
    if (!dry_run_) transaction_.commit();
  }

 private:
  const End& end_of(const std::string& reference);

  store::Store& store_;
  bool remove_;
  bool dry_run_;
  store::WriteTransaction transaction_;
  store::RelationWriter writer_;
  std::unordered_map<std::string, End> ends_;
};

const End& Relater::end_of(const std::string& reference) {
  const auto known = ends_.find(reference);
  if (known != ends_.end()) return known->second;
  const store::Atom atom = store::resolve_atom(store_, reference);
  return ends_.emplace(reference, End{atom.atom_id, atom.id.text()}).first->second;
}

Json Relater::relate(const NamedRelation& named) {
  const End source = end_of(named.source);
  const End target = end_of(named.target);
  Json record{{"type", "relation"},
              {"source", source.id},
              {"target", target.id},
              {"relation", named.type},
              {"weight", named.weight}};
  if (remove_) {
    record.erase("weight");
    record["outcome"] =
        writer_.remove(source.atom_id, target.atom_id, named.type) ? "removed" : "absent";
  } else {
    record["outcome"] = store::put_relation_name(
        writer_.put(source.atom_id, target.atom_id, named.type, named.weight));
  }
  if (dry_run_) record["dry_run"] = true;
  return record;
}

std::string relation_text(const Json& record, const NamedRelation& named) {
  const auto outcome = record["outcome"].get<std::string>();
  std::string text = named.source + " -" + named.type + "-> " + named.target;
  if (record.contains("weight")) text += ", weight " + record["weight"].dump();
  return text + ": " + (record.contains("dry_run") ? "would be " : "") + outcome;
}

NamedRelation relation_of_line(const Json& line) {
  NamedRelation named;
  named.source = cli::required_string(line, "source");
  named.target = cli::required_string(line, "target");
  named.type = cli::required_string(line, "type");
  if (const auto weight = line.find("weight"); weight != line.end() && !weight->is_null()) {
    if (!weight->is_number()) throw Error{Fault::data, "\"weight\" is not a number"};
    named.weight = weight->get<double>();
  }
  return named;
}

/// Closes what it opened; "-" is standard input.
class LineSource {
 public:
  explicit LineSource(const std::string& path)
      : fd_{path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {
    if (fd_ < 0) throw_errno(Fault::io, path, errno);
  }
  ~LineSource() {
    if (fd_ != STDIN_FILENO) ::close(fd_);
  }
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

int relate_lines(const RelateOptions& options, cli::Context& context, store::Store& store) {
  const LineSource source{options.jsonl};
  cli::LineStream stream{context, source.fd()};
  for (auto lines = stream.next_batch(kBatchLines); !lines.empty();
       lines = stream.next_batch(kBatchLines)) {
    std::vector<std::function<void()>> answers;
    {
      Relater relater{store, options.remove, context.common.dry_run};
      for (const cli::InputLine& line : lines) {
        try {
          if (!line.ok()) std::rethrow_exception(line.error);
          const NamedRelation named = relation_of_line(line.value);
          answers.emplace_back([&context, named, record = relater.relate(named)] {
            context.out.write(record, relation_text(record, named));
          });
        } catch (const Error& error) {
          if (error.fault() == Fault::io || error.fault() == Fault::internal) throw;
          answers.emplace_back([error] { throw error; });
        }
      }
      // Nothing is acknowledged before it is durable.
      relater.finish();
    }
    for (std::size_t i = 0; i < lines.size(); ++i) stream.answer(lines[i], answers[i]);
  }
  return stream.status();
}

int relate(const RelateOptions& options, cli::Context& context) {
  const bool lines = !options.jsonl.empty();
  if (lines && (options.source || !options.type.empty()))
    throw Error{Fault::usage, "with --jsonl the lines hold the atoms and the types"};
  if (!lines && (!options.source || !options.target || options.type.empty()))
    throw Error{Fault::usage, "give two atoms and --type, or --jsonl"};
  if (!lines && !(options.weight > 0))
    throw Error{Fault::usage,
                "--weight: '" + std::to_string(options.weight) + "' is not above 0"};
  store::Store store = context.open_store(true);
  if (lines) return relate_lines(options, context, store);
  const NamedRelation named{*options.source, *options.target, options.type, options.weight};
  Relater relater{store, options.remove, context.common.dry_run};
  const Json record = relater.relate(named);
  relater.finish();
  context.out.write(record, relation_text(record, named));
  return record["outcome"] == "absent" ? 1 : 0;
}

}  // namespace

void add_relate(cli::Command& tool) {
  cli::Command& command = tool.subcommand("relate", "Edges of the atom graph: put, or remove");
  auto& options = command.options<RelateOptions>();
  command.positional("SOURCE", options.source, "atom id, prefix or object name");
  command.positional("TARGET", options.target, "where the edge leads");
  command.option("--type", "TYPE", options.type, "what the edge says, as \"cites\"");
  command.option("--weight", "W", options.weight, "how strong it is, above 0");
  command.option("--jsonl", "FILE", options.jsonl,
                 "read {\"source\",\"target\",\"type\",\"weight\"} lines; - is stdin");
  command.flag("--remove", options.remove, "remove the edge instead");
  command.dry_run();
  command.action([&options](cli::Context& context) { return relate(options, context); });
}

}  // namespace hart::ingest
