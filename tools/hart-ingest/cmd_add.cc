#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "atom/identity.h"
#include "atom/model_view.h"
#include "commands.h"
#include "common/line_stream.h"
#include "common/progress.h"
#include "core/error.h"
#include "session.h"
#include "store/packs.h"
#include "store/payload_key.h"
#include "store/store.h"

namespace hart::ingest {
namespace {

namespace fs = std::filesystem;

/// A transaction takes so many objects, or so many bytes, before it is made durable.
constexpr std::size_t kBatchObjects = 256;
constexpr std::uint64_t kBatchBytes = std::uint64_t{64} << 20;

struct AddOptions {
  std::vector<std::string> paths;
  std::optional<std::string> name;
  std::string version_tag;
  std::optional<std::string> modality;
  std::string materialize = "auto";
  std::string compress = "fast";
  bool jsonl = false;
  bool no_embed = false;
  bool link = false;
};

struct Input {
  std::string path;
  std::string name;
  std::uint64_t bytes = 0;
  bool model_folder = false;
};

atom::Compression compression(const std::string& name) {
  const std::map<std::string, atom::Compression> values{{"none", atom::Compression::none},
                                                        {"fast", atom::Compression::fast},
                                                        {"best", atom::Compression::best}};
  return values.at(name);
}

atom::AtomizeOptions atomize_options(const AddOptions& options, const cli::Context& context) {
  atom::AtomizeOptions atomize;
  atomize.version_tag = options.version_tag;
  atomize.compression = compression(options.compress);
  atomize.materialize = options.materialize == "all"    ? atom::Materialize::all
                        : options.materialize == "none" ? atom::Materialize::none
                                                        : atom::Materialize::automatic;
  // It does not convert: it says what the caller is sure to have.
  if (options.modality) atomize.modality = store::find_modality(*options.modality);
  atomize.threads = context.common.threads;
  atomize.link = options.link;
  return atomize;
}

/// `receipt` is that of the batch; what was there before is in none.
Json record_of(const atom::Atomized& added, double seconds, const std::string& receipt) {
  Json record{{"type", "object"},
              {"atom", added.atom.text()},
              {"kind", added.kind},
              {"modality", store::modality_name(added.modality)},
              {"subtype", added.subtype},
              {"name", added.name},
              {"version", added.version},
              {"bytes", added.bytes},
              {"new_bytes", added.totals.new_bytes},
              {"stored_bytes", added.totals.stored_bytes},
              {"atoms", added.totals.atoms},
              {"new_atoms", added.totals.new_atoms}};
  // The share of the object's bytes that the tenant had not to store again.
  const double bytes = static_cast<double>(added.bytes);
  const double fresh = static_cast<double>(std::min(added.totals.new_bytes, added.bytes));
  record["dedup_ratio"] = added.bytes == 0 ? 0.0 : 1.0 - fresh / bytes;
  if (added.structure) record["structure"] = added.structure->text();
  if (added.unchanged) record["unchanged"] = true;
  record["receipt"] = added.unchanged || receipt.empty() ? Json(nullptr) : Json(receipt);
  record["seconds"] = seconds;
  return record;
}

std::string line_of(const atom::Atomized& added) {
  const std::string state = added.unchanged
                                ? "unchanged"
                                : cli::format_bytes(added.totals.stored_bytes) + " stored, " +
                                      std::to_string(added.totals.new_atoms) + " new atoms";
  return added.name + "@" + std::to_string(added.version) + "  " + added.kind + " " +
         added.subtype + ", " + cli::format_bytes(added.bytes) + ", " + state;
}

/// A folder that is one model, as one input.
Input model_folder_input(const fs::path& folder, const fs::path& name) {
  Input input{folder.string(), name.string(), 0, true};
  for (const formats::FolderFile& file : formats::list_folder(folder.string()))
    input.bytes += file.bytes;
  return input;
}

std::uint64_t total_bytes(std::span<const Input> inputs) {
  std::uint64_t total = 0;
  for (const Input& input : inputs) total += input.bytes;
  return total;
}

/// The files of a folder, in order of their names, model folders as one input each. Hidden
/// ones, links to folders (which may lead round in circles) and stores are left out.
void collect_folder(const fs::path& folder, std::vector<Input>& inputs) {
  std::error_code error;
  auto entry = fs::recursive_directory_iterator{folder, error};
  if (error) throw_errno(Fault::io, folder.string(), error.value());
  std::vector<Input> found;
  for (const auto end = fs::recursive_directory_iterator{}; entry != end;
       entry.increment(error)) {
    if (error) throw_errno(Fault::io, folder.string(), error.value());
    const fs::path& path = entry->path();
    if (path.filename().string().starts_with(".") || fs::exists(path / "hart.db", error)) {
      entry.disable_recursion_pending();
      continue;
    }
    if (entry->is_directory(error) && !entry->is_symlink(error) &&
        atom::is_model_folder(path.string())) {
      found.push_back(model_folder_input(path, path.lexically_relative(folder)));
      entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file(error)) continue;
    const std::uint64_t bytes = entry->file_size(error);
    found.push_back(
        {path.string(), path.lexically_relative(folder).string(), error ? 0 : bytes, false});
  }
  std::sort(found.begin(), found.end(),
            [](const Input& a, const Input& b) { return a.path < b.path; });
  inputs.insert(inputs.end(), found.begin(), found.end());
}

std::vector<Input> collect_inputs(const AddOptions& options) {
  std::vector<Input> inputs;
  for (const std::string& given : options.paths) {
    std::error_code error;
    const fs::path path{given};
    if (fs::is_directory(path, error)) {
      const fs::path name = fs::absolute(path, error).lexically_normal();
      if (atom::is_model_folder(given))
        inputs.push_back(model_folder_input(
            path, name.has_filename() ? name.filename() : name.parent_path().filename()));
      else
        collect_folder(path, inputs);
      continue;
    }
    const auto bytes = fs::file_size(path, error);
    inputs.push_back({given, path.filename().string(), error ? 0 : bytes, false});
  }
  if (options.name) {
    if (inputs.size() != 1)
      throw Error{Fault::usage, "--name names one object, but " +
                                    std::to_string(inputs.size()) + " files were given"};
    inputs.front().name = *options.name;
  }
  return inputs;
}

/// Where objects go.
struct Target {
  store::Store& store;
  PassageEmbedder* embedder;  ///< or null
  bill::MeterGate& gate;

  [[nodiscard]] Batch batch(Allowance allowance) const {
    return {store, embedder, std::move(allowance)};
  }
};

/// What a quota has no room for in one piece it may have room for in parts: nothing then.
/// Throws Error(denied) when there is no room for a single item.
std::optional<Allowance> allow(const Target& target, std::uint64_t bytes, std::size_t items) {
  try {
    return std::optional<Allowance>{std::in_place, target.gate, bytes, items > 1};
  } catch (const Error& error) {
    if (error.fault() != Fault::denied || items <= 1) throw;
    return std::nullopt;
  }
}

class PathAdder {
 public:
  PathAdder(const AddOptions& options, cli::Context& context, const Target& target)
      : options_{options}, context_{context}, target_{target} {}

  int run(const std::vector<Input>& inputs);

 private:
  void add_together(std::span<const Input> inputs, cli::Progress& progress);
  void add(Batch& batch, const Input& input, cli::Progress& progress);
  void fail(const Input& input, const Error& error);

  const AddOptions& options_;
  cli::Context& context_;
  const Target& target_;
  std::vector<std::pair<atom::Atomized, double>> added_;
  int status_ = 0;
};

void PathAdder::add(Batch& batch, const Input& input, cli::Progress& progress) {
  const double start = steady_seconds();
  atom::AtomizeOptions atomize = atomize_options(options_, context_);
  atomize.name = input.name;
  atomize.source_uri = input.path;
  atomize.progress = [&](std::uint64_t bytes) { progress.advance(bytes); };
  atom::Atomized added = input.model_folder
                             ? batch.add_folder(input.path, atomize, input.bytes)
                             : batch.add(MappedFile{input.path, MappedFile::Access::sequential},
                                         atomize, input.bytes);
  added_.emplace_back(std::move(added), steady_seconds() - start);
}

/// One bad file does not stop the others; a full disk does.
void PathAdder::fail(const Input& input, const Error& error) {
  if (error.fault() == Fault::io || error.fault() == Fault::internal) throw error;
  const std::string message = error.what();
  context_.diagnostic(message.starts_with(input.path) ? message : input.path + ": " + message);
  if (status_ == 0) status_ = static_cast<int>(error.fault());
}

/// In one transaction, or, where a quota has too little room for that, in one each.
void PathAdder::add_together(std::span<const Input> inputs, cli::Progress& progress) {
  std::optional<Allowance> allowance;
  try {
    if (auto allowed = allow(target_, total_bytes(inputs), inputs.size()))
      allowance.emplace(std::move(*allowed));
  } catch (const Error& error) {
    if (error.fault() != Fault::denied) throw;
    fail(inputs.front(), error);
    return;
  }
  if (!allowance) {
    for (std::size_t i = 0; i < inputs.size(); ++i)
      add_together(inputs.subspan(i, 1), progress);
    return;
  }
  Batch batch = target_.batch(std::move(*allowance));
  for (const Input& input : inputs) {
    context_.check_interrupt();
    try {
      add(batch, input, progress);
    } catch (const Error& error) {
      fail(input, error);
    }
  }
  const std::string receipt = batch.commit();
  for (const auto& [added, seconds] : added_)
    context_.out.write(record_of(added, seconds, receipt), line_of(added));
  context_.out.flush();
  added_.clear();
}

int PathAdder::run(const std::vector<Input>& inputs) {
  cli::Progress progress{context_, "add", total_bytes(inputs), cli::Progress::Unit::bytes};
  for (std::size_t next = 0; next < inputs.size();) {
    std::uint64_t bytes = 0;
    std::size_t end = next;
    while (end < inputs.size() && end - next < kBatchObjects && bytes < kBatchBytes)
      bytes += inputs[end++].bytes;
    add_together(std::span{inputs}.subspan(next, end - next), progress);
    next = end;
  }
  return status_;
}

/// What a record of `--jsonl` will be charged at the most; 0 for one that is none.
std::uint64_t bytes_of(const cli::InputLine& line) {
  if (!line.ok() || !line.value.is_object()) return 0;
  const auto text_of = [&](const char* key) {
    const auto found = line.value.find(key);
    return found != line.value.end() && found->is_string() ? found->get<std::string>() : "";
  };
  std::error_code error;
  const std::string path = text_of("path");
  const std::uint64_t bytes = path.empty() ? 0 : fs::file_size(path, error);
  return error ? 0 : bytes + text_of("text").size();
}

/// One record of `--jsonl`: {"text"|"path", "id", "name", "metadata"}. `bytes` were set aside.
atom::Atomized add_record(Batch& batch, const cli::InputLine& line, std::uint64_t bytes,
                          const AddOptions& options, const cli::Context& context) {
  atom::AtomizeOptions atomize = atomize_options(options, context);
  const auto text = cli::optional_string(line.value, "text");
  const auto path = cli::optional_string(line.value, "path");
  if (text.has_value() == path.has_value())
    throw Error{Fault::data, "a record needs either `text` or `path`"};
  if (line.value.contains("metadata")) {
    atomize.metadata = line.value["metadata"];
    if (!atomize.metadata.is_object()) throw Error{Fault::data, "`metadata` is not an object"};
  }
  const auto name = cli::optional_string(line.value, "name");
  if (name) {
    atomize.name = *name;
  } else if (path) {
    atomize.name = fs::path{*path}.filename().string();
  } else if (line.id) {
    atomize.name = line.id->is_string() ? line.id->get<std::string>() : dump_json(*line.id);
  } else {
    atomize.name = "text-" + to_hex(atom::content_id(as_bytes(*text)).hash).substr(0, 12);
  }
  atom::Atomized added;
  if (path) {
    atomize.source_uri = *path;
    added = batch.add(MappedFile{*path, MappedFile::Access::sequential}, atomize, bytes);
  } else {
    added = batch.add(as_bytes(*text), atomize);
  }
  return added;
}

class RecordAdder {
 public:
  RecordAdder(const AddOptions& options, cli::Context& context, const Target& target)
      : options_{options}, context_{context}, target_{target}, stream_{context} {}

  int run() {
    for (auto lines = stream_.next_batch(kBatchObjects); !lines.empty();
         lines = stream_.next_batch(kBatchObjects))
      add_together(lines);
    return stream_.status();
  }

 private:
  void add_together(std::span<const cli::InputLine> lines);
  void add_and_answer(std::span<const cli::InputLine> lines,
                      std::span<const std::uint64_t> bytes, Allowance allowance);

  const AddOptions& options_;
  cli::Context& context_;
  const Target& target_;
  cli::LineStream stream_;
};

/// As PathAdder does.
void RecordAdder::add_together(std::span<const cli::InputLine> lines) {
  std::vector<std::uint64_t> bytes;
  bytes.reserve(lines.size());
  for (const cli::InputLine& line : lines) bytes.push_back(bytes_of(line));
  const std::uint64_t total = std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
  std::optional<Allowance> allowance;
  try {
    if (auto allowed = allow(target_, total, lines.size()))
      allowance.emplace(std::move(*allowed));
  } catch (const Error& error) {
    if (error.fault() != Fault::denied) throw;
    stream_.answer(lines.front(), [&] { throw error; });
    return;
  }
  if (allowance) {
    add_and_answer(lines, bytes, std::move(*allowance));
    return;
  }
  for (std::size_t i = 0; i < lines.size(); ++i) add_together(lines.subspan(i, 1));
}

void RecordAdder::add_and_answer(std::span<const cli::InputLine> lines,
                                 std::span<const std::uint64_t> bytes, Allowance allowance) {
  std::vector<std::function<void()>> answers;
  std::string receipt;
  {
    Batch batch = target_.batch(std::move(allowance));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const double start = steady_seconds();
      try {
        if (!lines[i].ok()) std::rethrow_exception(lines[i].error);
        const atom::Atomized added = add_record(batch, lines[i], bytes[i], options_, context_);
        answers.emplace_back([this, &receipt, added, seconds = steady_seconds() - start] {
          context_.out.write(record_of(added, seconds, receipt), line_of(added));
        });
      } catch (const Error& error) {
        if (error.fault() == Fault::io || error.fault() == Fault::internal) throw;
        answers.emplace_back([error] { throw error; });
      }
    }
    // Nothing is acknowledged before it is durable.
    receipt = batch.commit();
  }
  for (std::size_t i = 0; i < lines.size(); ++i) stream_.answer(lines[i], answers[i]);
}

int add_standard_input(const AddOptions& options, cli::Context& context, const Target& target) {
  const double start = steady_seconds();
  const std::string bytes = cli::read_input("-");
  atom::AtomizeOptions atomize = atomize_options(options, context);
  atomize.name = options.name.value_or("stdin");
  Batch batch = target.batch({target.gate, bytes.size(), false});
  const atom::Atomized added = batch.add(as_bytes(bytes), atomize);
  const std::string receipt = batch.commit();
  context.out.write(record_of(added, steady_seconds() - start, receipt), line_of(added));
  return 0;
}

/// What nothing could be added without is told before the first file is read.
void check_payload_key(store::Store& store, const AddOptions& options) {
  const store::PayloadSeal* seal = store.packs().seal();
  if (seal == nullptr) return;
  static_cast<void>(seal->key());
  if (options.link)
    throw Error{Fault::usage,
                "the payload of this store is encrypted: a shared file would not be, so add it "
                "without --link"};
}

int add(const AddOptions& options, cli::Context& context) {
  const bool from_standard_input = options.paths.size() == 1 && options.paths.front() == "-";
  if (options.jsonl && !from_standard_input)
    throw Error{Fault::usage, "--jsonl reads records from standard input: give - as the path"};
  const std::vector<Input> inputs =
      from_standard_input ? std::vector<Input>{} : collect_inputs(options);
  store::Store store = context.open_store(true);
  check_payload_key(store, options);
  std::unique_ptr<PassageEmbedder> embedder;
  if (!options.no_embed) {
    embedder = PassageEmbedder::open(store);
    if (!embedder) context.detail("no embedder is installed: passages get no vectors");
  }
  // A batch commits by itself what it settled: no group of the gate's own.
  bill::MeterGate gate{store, SIZE_MAX};
  const Target target{store, embedder.get(), gate};
  if (options.jsonl) return RecordAdder{options, context, target}.run();
  if (from_standard_input) return add_standard_input(options, context, target);
  return PathAdder{options, context, target}.run(inputs);
}

}  // namespace

void add_add(cli::Command& tool) {
  cli::Command& command = tool.subcommand("add", "Atomize files, folders or standard input");
  auto& options = command.options<AddOptions>();
  command.positional("PATH", options.paths, "files and folders, or - for standard input")
      .required();
  command.option("--name", "NAME", options.name, "the object's name (default: the base name)");
  command.option("--version-tag", "TAG", options.version_tag, "a tag for this version");
  command.option("--modality", "NAME", options.modality, "refuse what is of another modality")
      .choices({"text", "model"});
  command.flag("--jsonl", options.jsonl,
               "read records {\"text\"|\"path\",\"id\",\"metadata\"} from -");
  command
      .option("--materialize", "POLICY", options.materialize,
              "rows for the words of texts: auto leaves out those above 64 MiB")
      .choices({"auto", "all", "none"});
  command
      .option("--compress", "LEVEL", options.compress,
              "none keeps everything raw and mappable; best takes longer")
      .choices({"none", "fast", "best"});
  command.flag("--link", options.link,
               "share model files instead of copying them, where the file system can");
  command.flag("--no-embed", options.no_embed, "make no vectors of passages");
  command.action([&options](cli::Context& context) { return add(options, context); });
}

}  // namespace hart::ingest
