#include "common/cli.h"
#include "common/instant.h"
#include "store/store.h"

namespace hart::cli {
namespace {

store::OpenOptions open_options(const CommonOptions& common) {
  store::OpenOptions options;
  options.directory = store::find_store(common.store);
  options.tenant = common.tenant;
  options.timeout_ms = static_cast<int>(common.timeout_s * 1000);
  return options;
}

}  // namespace

store::Store Context::open_store(bool writable) const {
  store::OpenOptions options = open_options(common);
  options.writable = writable;
  return store::Store{options};
}

store::Store Context::open_store_as_of(const std::optional<std::string>& as_of) const {
  store::OpenOptions options = open_options(common);
  if (as_of) {
    options.as_of = find_instant(*as_of);
    if (!options.as_of) options.snapshot = *as_of;
  }
  return store::Store{options};
}

store::Store Context::open_store_to_report() const {
  try {
    return open_store(true);
  } catch (const Error& error) {
    if (error.fault() != Fault::denied) throw;
    store::Store store = open_store(false);
    diagnostic("the store is read-only: what is used here is not recorded");
    return store;
  }
}

}  // namespace hart::cli
