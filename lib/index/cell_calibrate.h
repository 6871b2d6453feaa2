#pragma once

#include <cstdint>
#include <vector>

#include "index/cell_file.h"

namespace hart::index {

/// Finds, for recalls from 0.8 to 0.995 at k = 10 and k = 100, the settings of the least cost
/// that reach it on a seeded sample of the stored vectors, each left out of its own answer, and
/// measures what they find. The cost counts work, not time, so that the same vectors give the
/// same settings on every machine, whatever the threads.
[[nodiscard]] std::vector<CellCalibration> calibrate(const CellFile& file, std::uint64_t seed,
                                                     unsigned threads);

}  // namespace hart::index
