#include "common/schema_modules.h"

#include <vector>

#include "bill/schema.h"
#include "ooda/schema.h"
#include "prov/schema.h"

namespace hart::cli {

std::span<const store::SchemaModule> all_schema_modules() {
  static const std::vector<store::SchemaModule> modules{
      store::catalog_schema(), prov::prov_schema(), bill::bill_schema(), ooda::ooda_schema()};
  return modules;
}

}  // namespace hart::cli
