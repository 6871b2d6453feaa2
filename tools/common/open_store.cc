#include <unistd.h>

#include <cerrno>

#include "common/cli.h"
#include "common/instant.h"
#include "common/request_meter.h"
#include "store/store.h"

namespace hart::cli {
namespace {

store::OpenOptions open_options(const Context& context) {
  const CommonOptions& common = context.common;
  store::OpenOptions options;
  options.directory = store::find_store(common.store);
  options.tenant = common.tenant;
  options.timeout_ms = static_cast<int>(common.timeout_s * 1000);
  options.payload_key_file = common.payload_key_file;
  options.must_be_encrypted = common.payload_key_given;
  options.access = {context.tool, context.verb, context.api_key, common.tenant_given};
  return options;
}

/// Opens it, and has the lines of a stream count against the key's limit from now on.
store::Store open(const store::OpenOptions& options, const Context& context) {
  store::Store store{options};
  if (context.meter) context.meter->begin(store, context.common.timeout_s);
  return store;
}

}  // namespace

store::Store Context::open_store(bool writable) const {
  store::OpenOptions options = open_options(*this);
  options.writable = writable;
  return open(options, *this);
}

store::Store Context::open_store_as_owner(bool writable) const {
  store::OpenOptions options = open_options(*this);
  options.access->administers = true;
  options.writable = writable;
  return store::Store{options};
}

store::Store Context::open_store_as_of(const std::optional<std::string>& as_of,
                                       bool as_owner) const {
  store::OpenOptions options = open_options(*this);
  options.access->administers = as_owner;
  if (as_of) {
    options.as_of = find_instant(*as_of);
    if (!options.as_of) options.snapshot = *as_of;
  }
  return open(options, *this);
}

store::Store Context::open_store_to_report() const {
  const std::string catalog = store::find_store(common.store) + "/hart.db";
  if (::access(catalog.c_str(), W_OK) == 0 || (errno != EACCES && errno != EROFS))
    return open_store(true);
  store::Store store = open_store(false);
  diagnostic("the store is read-only: what is used here is not recorded");
  return store;
}

}  // namespace hart::cli
