#include "reuse_options.h"

#include "core/error.h"

namespace hart::infer_tool {

void add_reuse_options(cli::Command& command, ReuseOptions& options) {
  command.flag("--no-cache", options.no_cache, "neither look into the store's caches nor add");
  command.flag("--lookup", options.lookup, "always guess tokens from the text so far");
  command.flag("--no-lookup", options.no_lookup,
               "never do (default: where the text comes faster)");
}

infer::Lookup lookup_of(const ReuseOptions& options) {
  if (options.lookup && options.no_lookup)
    throw Error{Fault::usage, "--lookup and --no-lookup exclude each other"};
  if (options.lookup) return infer::Lookup::always;
  return options.no_lookup ? infer::Lookup::off : infer::Lookup::adaptive;
}

KeptWork::KeptWork(const ReuseOptions& options, ChosenModel& chosen) {
  if (chosen.store && !options.no_cache) {
    results_.emplace(*chosen.store);
    prefixes_.emplace(*chosen.store);
  }
  sequence_.emplace(*chosen.model, prefixes_ ? &*prefixes_ : nullptr);
}

infer::Reuse KeptWork::reuse() {
  return {results_ ? &*results_ : nullptr, &*sequence_};
}

}  // namespace hart::infer_tool
