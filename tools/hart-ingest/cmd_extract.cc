#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "atom/scratch_file.h"
#include "atom/student.h"
#include "atom/student_dtype.h"
#include "commands.h"
#include "common/progress.h"
#include "core/clock.h"
#include "core/error.h"
#include "session.h"
#include "store/importance.h"
#include "store/tenant_quota.h"

namespace hart::ingest {
namespace {

struct ExtractOptions {
  std::string model;
  std::string name;
  std::optional<std::string> layers;
  std::optional<double> prune_below;
  std::optional<std::string> quantize;
  std::string version_tag;
};

/// Those of `layers` whose stored importance is not below `threshold`.
std::vector<std::uint64_t> prune(store::Store& store, const atom::CatalogModel& model,
                                 const std::vector<std::uint64_t>& layers, double threshold) {
  const std::string stack = atom::main_stack(model);
  const std::vector<store::ScoredLayer> scored =
      store::scored_layers(store, model.object.structure_id);
  std::vector<std::uint64_t> kept;
  for (const std::uint64_t layer : layers) {
    const std::string name = stack + "." + std::to_string(layer);
    const auto found = std::find_if(scored.begin(), scored.end(),
                                    [&](const auto& one) { return one.name == name; });
    if (found == scored.end() || !found->importance)
      throw Error{Fault::no_input, model.object.name + ": layer " + name +
                                       " has not been scored: run hart-ingest score first"};
    if (*found->importance >= threshold) kept.push_back(layer);
  }
  if (kept.empty())
    throw Error{Fault::usage,
                "--prune-below: no layer of " + model.object.name + " is as important as that"};
  return kept;
}

atom::StudentSpec student_spec(const ExtractOptions& options, store::Store& store,
                               const atom::CatalogModel& model) {
  atom::StudentSpec spec;
  spec.name = options.name;
  if (options.quantize) spec.quantize = tensor::find_dtype(std::string_view{*options.quantize});
  if (!options.layers && !options.prune_below) return spec;
  const std::vector<std::uint64_t> available = atom::layer_numbers(model);
  spec.layers = options.layers ? atom::parse_layers(*options.layers, available) : available;
  if (options.prune_below)
    spec.layers = prune(store, model, *spec.layers, *options.prune_below);
  return spec;
}

/// What the store remembers of the extraction, as the object's metadata.
Json provenance(const ExtractOptions& options, const atom::CatalogModel& model,
                const atom::StudentSpec& spec) {
  Json student{{"source", model.object.atom.text()},
               {"source_name", model.object.name},
               {"source_version", model.object.version}};
  if (model.object.structure) student["source_structure"] = model.object.structure->text();
  if (spec.layers) student["layers"] = *spec.layers;
  if (options.prune_below) student["prune_below"] = *options.prune_below;
  if (options.quantize) student["quantize"] = *options.quantize;
  return {{"student", std::move(student)}};
}

void write_record(const atom::Atomized& added, const atom::CatalogModel& model,
                  const atom::StudentPlan& plan, const Json& metadata, double seconds,
                  cli::Output& out) {
  std::uint64_t unchanged = 0;
  for (const atom::StudentTensor& tensor : plan.tensors)
    unchanged += tensor.is_unchanged() ? 1u : 0u;
  Json record{{"type", "student"}, {"atom", added.atom.text()}};
  if (added.structure) record["structure"] = added.structure->text();
  record["name"] = added.name;
  record["version"] = added.version;
  const Json& student = metadata.at("student");
  for (auto entry = student.begin(); entry != student.end(); ++entry)
    record[entry.key()] = entry.value();
  record["bytes"] = added.bytes;
  record["source_bytes"] = model.object.bytes;
  record["tensors"] = plan.tensors.size();
  record["unchanged_tensors"] = unchanged;
  record["new_bytes"] = added.totals.new_bytes;
  record["stored_bytes"] = added.totals.stored_bytes;
  if (added.unchanged) record["unchanged"] = true;
  record["seconds"] = seconds;
  out.write(record, added.name + "@" + std::to_string(added.version) + "  " +
                        cli::format_bytes(added.bytes) + " of " +
                        cli::format_bytes(model.object.bytes) + ", " +
                        cli::format_bytes(added.totals.stored_bytes) + " stored");
}

std::uint64_t file_bytes(const atom::StudentPlan& plan) {
  std::uint64_t bytes = plan.header.size();
  for (const formats::PayloadPart& part : plan.payload) bytes += part.bytes + part.padding;
  return bytes;
}

int extract(const ExtractOptions& options, cli::Context& context) {
  if (!options.layers && !options.prune_below && !options.quantize)
    throw Error{Fault::usage, "nothing to extract: give --layers, --prune-below or --quantize"};
  const double start = steady_seconds();
  store::Store store = context.open_store(true);
  const atom::CatalogModel model =
      atom::read_catalog_model(store, store::resolve_object(store, options.model));
  const atom::StudentSpec spec = student_spec(options, store, model);
  const atom::StudentPlan plan = atom::plan_student(model, spec);

  std::uint64_t total = 0;
  for (const atom::StudentTensor& tensor : plan.tensors) total += tensor.source->bytes;
  // What is refused is refused before the work is done.
  store::TenantQuota{store}.require_room();
  bill::MeterGate gate{store, SIZE_MAX};
  Allowance allowance{gate, file_bytes(plan), false};
  atom::ScratchFile file{store.directory()};
  {
    const store::Snapshot snapshot{store.db()};
    cli::Progress progress{context, "extract", total, cli::Progress::Unit::bytes};
    atom::write_student(
        store, plan, context.common.threads, [&](ByteView bytes) { file.write(bytes); },
        [&](std::uint64_t bytes) { progress.advance(bytes); });
  }
  atom::AtomizeOptions atomize;
  atomize.name = options.name;
  atomize.version_tag = options.version_tag;
  atomize.metadata = provenance(options, model, spec);
  atomize.modality = store::Modality::model;
  atomize.threads = context.common.threads;
  cli::Progress progress{context, "store", total, cli::Progress::Unit::bytes};
  atomize.progress = [&](std::uint64_t bytes) { progress.advance(bytes); };
  Batch batch{store, nullptr, std::move(allowance)};
  const atom::Atomized added = batch.add(file.map(), atomize, file_bytes(plan));
  batch.commit();
  write_record(added, model, plan, atomize.metadata, steady_seconds() - start, context.out);
  return 0;
}

}  // namespace

std::vector<std::string> student_dtypes() {
  std::vector<std::string> names;
  for (const tensor::DTypeInfo& info : tensor::dtypes())
    if (atom::is_student_dtype(info.dtype)) names.emplace_back(info.name);
  return names;
}

void add_extract(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("extract", "Make a smaller model of some layers, or of fewer bits")
          .topic("Models");
  auto& options = command.options<ExtractOptions>();
  command.positional("MODEL", options.model, "id, prefix, name or name@version").required();
  command.option("-o,--output", "NAME", options.name, "what the new object is called")
      .required();
  command.option("--layers", "LIST", options.layers, "the layers to keep, as 0,2,4-7");
  command.option("--prune-below", "X", options.prune_below,
                 "drop the layers whose stored importance is below");
  command.option("--quantize", "TYPE", options.quantize, "the type of the weight matrices")
      .choices(student_dtypes());
  command.option("--version-tag", "TAG", options.version_tag, "a tag for the new version");
  command.action([&options](cli::Context& context) { return extract(options, context); });
}

}  // namespace hart::ingest
