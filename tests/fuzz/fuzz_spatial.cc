// Any text: as an area, a box or a point it is refused with Fault::usage, or what was read is
// within its own limits; an area reads back the same from the text that it writes.

#include <cmath>
#include <string_view>

#include "core/error.h"
#include "fuzz_check.h"
#include "geometry/area.h"
#include "search/spatial_filter.h"

namespace {

/// Runs `read` on the text; a refusal has to be a usage error.
template <typename Read> void try_reading(Read read) {
  try {
    read();
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::usage);
  }
}

void check_area(std::string_view text) {
  const auto area = hart::geometry::parse_area(text);
  HART_FUZZ_CHECK(hart::geometry::parse_area(hart::geometry::wkt(area)) == area);
  const auto box = hart::geometry::bounds(area);
  HART_FUZZ_CHECK(box.min[0] <= box.max[0] && box.min[1] <= box.max[1]);
}

void check_box(std::string_view text) {
  const auto box = hart::search::parse_box(text);
  bool limited = false;
  for (std::size_t axis = 0; axis < 4; ++axis) {
    limited = limited || box.min[axis] || box.max[axis];
    if (box.min[axis] && box.max[axis]) HART_FUZZ_CHECK(*box.min[axis] <= *box.max[axis]);
  }
  HART_FUZZ_CHECK(limited);
}

void check_point(std::string_view text) {
  const auto point = hart::search::parse_point(text);
  for (const double coordinate : {point.x, point.y, point.z})
    HART_FUZZ_CHECK(std::isfinite(coordinate));
  HART_FUZZ_CHECK(point.m == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try_reading([&] { check_area(text); });
  try_reading([&] { check_box(text); });
  try_reading([&] { check_point(text); });
  return 0;
}
