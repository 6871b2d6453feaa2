#pragma once

#include <span>

#include "store/schema.h"

namespace hart::cli {

/// The tables of every module, for Store::create and migrations: what a store of this build
/// holds.
[[nodiscard]] std::span<const store::SchemaModule> all_schema_modules();

}  // namespace hart::cli
