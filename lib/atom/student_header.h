#pragma once

#include "atom/student.h"

namespace hart::atom {

/// Fill in the header and the parts of the payload of a student whose tensors are chosen, as
/// plan_student says. The second may put the tensors into another order.
void make_gguf_header(const CatalogModel& source, const StudentSpec& spec, StudentPlan& plan);
void make_safetensors_header(const CatalogModel& source, const StudentSpec& spec,
                             StudentPlan& plan);

}  // namespace hart::atom
