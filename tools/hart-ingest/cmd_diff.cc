#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "atom/model_diff.h"
#include "atom/model_view.h"
#include "atom/passage_diff.h"
#include "commands.h"
#include "common/progress.h"
#include "core/error.h"
#include "core/json.h"

namespace hart::ingest {
namespace {

struct DiffOptions {
  std::string a;
  std::string b;
  std::vector<std::string> only;
  std::optional<std::string> as_of;

  [[nodiscard]] bool wants(std::string_view state) const {
    return only.empty() || std::find(only.begin(), only.end(), state) != only.end();
  }
};

/// Nine significant digits tell any two distances apart that arithmetic does.
Json rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (value == 0) return 0.0;
  const double unit = std::pow(10.0, 8 - std::floor(std::log10(std::abs(value))));
  const double scaled = std::round(value * unit) / unit;
  return std::isfinite(scaled) ? scaled : value;
}

void add_distance(const atom::TensorDistance& distance, Json& json) {
  json["relative_l2"] = rounded(distance.relative());
  json["cosine"] = rounded(distance.cosine());
  json["max_difference"] = rounded(distance.largest_difference);
  json["changed_ratio"] = rounded(distance.changed_ratio());
  if (distance.not_finite > 0) json["not_finite"] = distance.not_finite;
}

std::string distance_text(const atom::TensorDistance& distance) {
  char text[96];
  std::snprintf(text, sizeof text, "relative %.3g, cosine %.6f, changed %.1f %%",
                distance.relative(), distance.cosine(), 100 * distance.changed_ratio());
  return text;
}

class ModelDiffer {
 public:
  ModelDiffer(const DiffOptions& options, cli::Context& context, store::Store& store,
              const store::Object& a, const store::Object& b)
      : options_{options},
        context_{context},
        store_{store},
        a_{atom::read_catalog_model(store, a)},
        b_{atom::read_catalog_model(store, b)},
        pairs_{atom::pair_tensors(a_.tensors, b_.tensors)},
        distances_(pairs_.size()) {}

  /// True when nothing differs.
  bool run();

 private:
  void measure();
  void write_tensor(std::size_t i);
  void write_layers();
  void write_metadata();
  void write_summary(double seconds);

  const DiffOptions& options_;
  cli::Context& context_;
  store::Store& store_;
  atom::CatalogModel a_, b_;
  std::vector<atom::TensorPair> pairs_;
  std::vector<std::optional<atom::TensorDistance>> distances_;
  std::uint64_t measured_bytes_ = 0;
  std::size_t metadata_differences_ = 0;
  bool same_ = true;
};

void ModelDiffer::measure() {
  std::uint64_t total = 0;
  const auto is_near = [](const atom::TensorPair& pair) {
    return pair.state == atom::TensorState::near;
  };
  for (const atom::TensorPair& pair : pairs_)
    if (is_near(pair)) total += pair.a->bytes + pair.b->bytes;
  if (total == 0) return;
  atom::require_computable(a_);
  atom::require_computable(b_);
  cli::Progress progress{context_, "diff", total, cli::Progress::Unit::bytes};
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    context_.check_interrupt();
    if (!is_near(pairs_[i])) continue;
    distances_[i] =
        atom::measure_distance(store_, *pairs_[i].a, *pairs_[i].b, context_.common.threads);
    measured_bytes_ += pairs_[i].a->bytes + pairs_[i].b->bytes;
    progress.at(measured_bytes_);
  }
}

void ModelDiffer::write_tensor(std::size_t i) {
  const atom::TensorPair& pair = pairs_[i];
  const atom::CatalogTensor& first = pair.a != nullptr ? *pair.a : *pair.b;
  const std::string state{atom::state_name(pair.state)};
  Json json{{"type", "tensor_diff"}, {"name", first.name}, {"state", state}};
  std::string line = state + "  " + first.name;
  if (pair.state == atom::TensorState::moved) {
    json["name_b"] = pair.b->name;
    line += " -> " + pair.b->name;
  }
  const auto describe = [&](const char* suffix, const atom::CatalogTensor& tensor) {
    json[std::string{"dtype"} + suffix] = tensor::dtype_info(tensor.dtype).name;
    json[std::string{"shape"} + suffix] = tensor.shape;
    json[std::string{"bytes"} + suffix] = tensor.bytes;
  };
  const bool one_form = pair.a == nullptr || pair.b == nullptr ||
                        (pair.a->dtype == pair.b->dtype && pair.a->shape == pair.b->shape);
  if (one_form) {
    describe("", first);
  } else {
    describe("_a", *pair.a);
    describe("_b", *pair.b);
  }
  if (distances_[i]) {
    add_distance(*distances_[i], json);
    line += "  " + distance_text(*distances_[i]);
  }
  context_.out.write(json, line);
}

void ModelDiffer::write_layers() {
  for (const atom::LayerDiff& layer : atom::sum_layers(pairs_, distances_)) {
    Json json{{"type", "layer_diff"}, {"layer", layer.name}, {"tensors", layer.tensors()}};
    std::string line = (layer.name.empty() ? "outside of layers" : layer.name) + ":";
    for (std::size_t state = 0; state < atom::kTensorStates; ++state) {
      const std::string name{atom::state_name(static_cast<atom::TensorState>(state))};
      json[name] = layer.counts[state];
      if (layer.counts[state] > 0)
        line += " " + std::to_string(layer.counts[state]) + " " + name;
    }
    if (!layer.moved_to.empty()) {
      json["moved_to"] = layer.moved_to;
      line += " -> " + layer.moved_to;
    }
    if (layer.distance.elements > 0) {
      add_distance(layer.distance, json);
      line += "  " + distance_text(layer.distance);
    }
    context_.out.write(json, line);
  }
}

void ModelDiffer::write_metadata() {
  const std::vector<atom::MetadataDiff> differences = atom::diff_metadata(a_, b_);
  metadata_differences_ = differences.size();
  if (!options_.wants("metadata")) return;
  for (const atom::MetadataDiff& difference : differences)
    context_.out.write({{"type", "metadata_diff"},
                        {"key", difference.key},
                        {"a", difference.a},
                        {"b", difference.b}},
                       "metadata  " + difference.key + ": " + dump_json(difference.a) + " -> " +
                           dump_json(difference.b));
}

void ModelDiffer::write_summary(double seconds) {
  std::uint64_t counts[atom::kTensorStates] = {};
  std::uint64_t bytes_a = 0, bytes_b = 0, shared = 0;
  for (const atom::TensorPair& pair : pairs_) {
    ++counts[static_cast<std::size_t>(pair.state)];
    if (pair.a != nullptr) bytes_a += pair.a->bytes;
    if (pair.b != nullptr) bytes_b += pair.b->bytes;
    const bool equal = pair.state == atom::TensorState::shared;
    if (equal || pair.state == atom::TensorState::moved) shared += pair.b->bytes;
    same_ = same_ && equal;
  }
  same_ = same_ && metadata_differences_ == 0;
  Json json{{"type", "summary"}, {"same", same_}};
  std::string line = same_ ? "the same" : "they differ:";
  for (std::size_t state = 0; state < atom::kTensorStates; ++state) {
    const std::string name{atom::state_name(static_cast<atom::TensorState>(state))};
    json[name] = counts[state];
    if (!same_ && counts[state] > 0)
      line += " " + std::to_string(counts[state]) + " " + name + ",";
  }
  json["metadata"] = metadata_differences_;
  json["bytes_a"] = bytes_a;
  json["bytes_b"] = bytes_b;
  json["shared_bytes"] = shared;
  json["shared_ratio"] =
      bytes_b == 0 ? Json(nullptr)
                   : rounded(static_cast<double>(shared) / static_cast<double>(bytes_b));
  json["measured_bytes"] = measured_bytes_;
  json["seconds"] = seconds;
  if (!same_)
    line += " " + std::to_string(metadata_differences_) + " metadata keys; " +
            cli::format_bytes(shared) + " of " + cli::format_bytes(bytes_b) + " shared";
  context_.out.write(json, line);
}

bool ModelDiffer::run() {
  const double start = steady_seconds();
  if (options_.wants("near") || options_.wants("layer")) measure();
  for (std::size_t i = 0; i < pairs_.size(); ++i)
    if (options_.wants(atom::state_name(pairs_[i].state))) write_tensor(i);
  if (options_.wants("layer")) write_layers();
  write_metadata();
  write_summary(steady_seconds() - start);
  return same_;
}

void write_passage(store::Store& store, const atom::PassageDiff& passage,
                   std::string_view state, cli::Output& out) {
  Json json{{"type", "passage_diff"}, {"state", state}, {"atom", passage.atom.id.text()}};
  if (passage.index_a) json["index_a"] = *passage.index_a;
  if (passage.index_b) json["index_b"] = *passage.index_b;
  json["bytes"] = passage.atom.bytes;
  const std::string text = store::atom_text(store, passage.atom.atom_id);
  json["text"] = text;
  out.write(json, (state == "shared" ? "  " : state == "only_a" ? "- " : "+ ") + text);
}

/// True when the documents consist of the same passages in the same order.
bool diff_documents(const DiffOptions& options, cli::Context& context, store::Store& store,
                    const store::Object& a, const store::Object& b) {
  std::uint64_t shared = 0, only_a = 0, only_b = 0;
  std::uint64_t shared_bytes = 0, bytes_a = 0, bytes_b = 0;
  for (const atom::PassageDiff& passage : atom::diff_passages(store, a, b)) {
    context.check_interrupt();
    const bool in_both = passage.index_a && passage.index_b;
    const std::string_view state = in_both ? "shared" : passage.index_a ? "only_a" : "only_b";
    ++(in_both ? shared : passage.index_a ? only_a : only_b);
    if (passage.index_a) bytes_a += passage.atom.bytes;
    if (passage.index_b) bytes_b += passage.atom.bytes;
    if (in_both) shared_bytes += passage.atom.bytes;
    if (options.wants(state)) write_passage(store, passage, state, context.out);
  }
  const bool same = a.atom_id == b.atom_id;
  const double passages = static_cast<double>(2 * shared + only_a + only_b);
  const Json json{
      {"type", "summary"},
      {"same", same},
      {"shared", shared},
      {"only_a", only_a},
      {"only_b", only_b},
      {"bytes_a", bytes_a},
      {"bytes_b", bytes_b},
      {"shared_bytes", shared_bytes},
      {"similarity",
       passages == 0 ? Json(1.0) : rounded(2 * static_cast<double>(shared) / passages)}};
  context.out.write(json, std::to_string(shared) + " passages shared, " +
                              std::to_string(only_a) + " only in " + a.name + ", " +
                              std::to_string(only_b) + " only in " + b.name);
  return same;
}

int diff(const DiffOptions& options, cli::Context& context) {
  store::Store store = context.open_store_as_of(options.as_of);
  const store::Snapshot snapshot{store.db()};
  const store::Object a = store::resolve_object(store, options.a);
  const store::Object b = store::resolve_object(store, options.b);
  if (a.kind != b.kind)
    throw Error{Fault::data, "cannot compare a " + a.kind + " with a " + b.kind};
  if (atom::is_model(a)) return ModelDiffer{options, context, store, a, b}.run() ? 0 : 1;
  return diff_documents(options, context, store, a, b) ? 0 : 1;
}

}  // namespace

void add_diff(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("diff", "What two models or documents share and where they differ")
          .topic("Models");
  auto& options = command.options<DiffOptions>();
  command.positional("A", options.a, "id, prefix, name or name@version").required();
  command.positional("B", options.b, "what to compare it with").required();
  command
      .option("--only", "STATE", options.only,
              "only lines of this state, or of this kind; may be repeated")
      .choices(
          {"shared", "moved", "near", "different", "only_a", "only_b", "layer", "metadata"});
  add_as_of(command, options.as_of);
  command.action([&options](cli::Context& context) { return diff(options, context); });
}

}  // namespace hart::ingest
