#include "model_choice.h"

#include <filesystem>

#include "core/error.h"
#include "store/catalog.h"

namespace hart::infer_tool {
namespace {

/// The name of the store's only GGUF model.
std::string only_model(store::Store& store) {
  std::string name;
  std::string names;
  store::ObjectFilter filter;
  filter.kind = "model";
  store::for_each_object(store, filter, [&](const store::Object& object) {
    if (object.subtype != "gguf" || object.name == name) return;
    names += (names.empty() ? "" : ", ") + object.name;
    name = object.name;
  });
  if (name.empty())
    throw Error{Fault::no_input, "the store holds no language model: add one, or give -m FILE"};
  if (names != name) throw Error{Fault::usage, "several models, choose one with -m: " + names};
  return name;
}

/// A store to report to, when the user named one or one is near. A model file runs without.
std::optional<store::Store> open_for_reports(const cli::Context& context) {
  std::string directory;
  try {
    directory = store::find_store(context.common.store);
  } catch (const Error& error) {
    if (error.fault() != Fault::no_input) throw;
    context.detail("no store: nothing is metered and no receipt is kept");
    return std::nullopt;
  }
  return context.open_store_to_report();
}

}  // namespace

ChosenModel choose_model(const cli::Context& context, const std::string& reference,
                         bool reporting) {
  ChosenModel chosen;
  if (infer::is_model_file(reference)) {
    if (reporting) chosen.store = open_for_reports(context);
    chosen.model = infer::RunnableModel::from_file(reference);
    return chosen;
  }
  chosen.store = reporting ? context.open_store_to_report() : context.open_store();
  chosen.model = infer::RunnableModel::from_store(
      *chosen.store, reference.empty() ? only_model(*chosen.store) : reference);
  return chosen;
}

}  // namespace hart::infer_tool
