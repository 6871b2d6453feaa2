#pragma once

#include "store/schema.h"

namespace hart::ooda {

/// The improvement loop's own tables: its log of phases, what it has learned of each kind of
/// action, what it did and what came of it, and whether it is stopped. All are a tenant's own.
[[nodiscard]] const store::SchemaModule& ooda_schema() noexcept;

}  // namespace hart::ooda
