#pragma once

#include <optional>
#include <string>

#include "common/cli.h"
#include "infer/runnable_model.h"
#include "store/store.h"

namespace hart::infer_tool {

/// The model that a command runs, and the store it came from or reports to.
struct ChosenModel {
  std::optional<store::Store> store;  ///< absent when a file is run and there is no store
  std::optional<infer::RunnableModel> model;
};

/// `reference` is a file's path or a name in the store; empty means the only language model
/// that the store holds. With `reporting`, a store is opened for writing where there is one.
/// Throws Error(no_input) when there is no such model, Error(usage) when there are several to
/// choose from.
[[nodiscard]] ChosenModel choose_model(const cli::Context& context,
                                       const std::string& reference, bool reporting);

}  // namespace hart::infer_tool
