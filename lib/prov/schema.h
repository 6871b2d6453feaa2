#pragma once

#include "store/schema.h"

namespace hart::prov {

/// Receipts, their openings, the provenance of atoms, and the transparency log.
///
/// Receipts, signatures and checkpoints are append-only: triggers abort UPDATE and DELETE; a
/// tile of the log may only grow. Openings and atom_provenance may be deleted (erasure), never
/// changed. The log and the chain of receipts are one a tenant, so that what a tenant reads of
/// them depends on its own receipts alone.
[[nodiscard]] const store::SchemaModule& prov_schema() noexcept;

}  // namespace hart::prov
