#include "common/cli.h"
#include "store/store.h"

namespace hart::cli {

store::Store Context::open_store(bool writable) const {
  store::OpenOptions options;
  options.directory = store::find_store(common.store);
  options.tenant = common.tenant;
  options.timeout_ms = static_cast<int>(common.timeout_s * 1000);
  options.writable = writable;
  return store::Store{options};
}

}  // namespace hart::cli
