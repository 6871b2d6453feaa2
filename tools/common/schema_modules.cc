#include "common/schema_modules.h"

#include <vector>

#if __has_include("prov/schema.h")
#include "prov/schema.h"
#endif
#if __has_include("bill/schema.h")
#include "bill/schema.h"
#endif
#if __has_include("ooda/schema.h")
#include "ooda/schema.h"
#endif

namespace hart::cli {

std::span<const store::SchemaModule> all_schema_modules() {
  static const std::vector<store::SchemaModule> modules {
    store::catalog_schema(),
#if __has_include("prov/schema.h")
        prov::prov_schema(),
#endif
#if __has_include("bill/schema.h")
        bill::bill_schema(),
#endif
#if __has_include("ooda/schema.h")
        ooda::ooda_schema(),
#endif
  };
  return modules;
}

}  // namespace hart::cli
