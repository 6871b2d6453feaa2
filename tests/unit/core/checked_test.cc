#include "core/checked.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <limits>

#include "core/cpu.h"

namespace hart {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

TEST_CASE("checked: sums and products are exact up to 2^64 − 1 and refused beyond") {
  CHECK(checked_add(kMost - 1, 1, "size") == kMost);
  CHECK_THROWS_WITH_AS((void)checked_add(kMost, 1, "size"), "size: sum overflows 64 bits",
                       Error);
  CHECK(checked_multiply(kMost, 1, "count") == kMost);
  CHECK(checked_multiply(1ull << 32, (1ull << 32) - 1, "count") == (kMost - (1ull << 32)) + 1);
  CHECK_THROWS_WITH_AS((void)checked_multiply(1ull << 32, 1ull << 32, "count"),
                       "count: product overflows 64 bits", Error);
}

TEST_CASE(
    "checked_align: rounds up to the next multiple, and not to 0 at the end of the range") {
  CHECK(checked_align(0, 32, "offset") == 0);
  CHECK(checked_align(1, 32, "offset") == 32);
  CHECK(checked_align(32, 32, "offset") == 32);
  CHECK(checked_align(33, 32, "offset") == 64);
  CHECK(checked_align(kMost, 1, "offset") == kMost);
  CHECK(checked_align(kMost - 31, 32, "offset") == kMost - 31);
  CHECK_THROWS_AS((void)checked_align(kMost - 30, 32, "offset"), Error);
}

TEST_CASE("errors: a fault's value is the exit status and its name stays") {
  CHECK(static_cast<int>(Fault::data) == 65);
  CHECK(static_cast<int>(Fault::config) == 78);
  CHECK(std::string{fault_name(Fault::cannot_create)} == "cannot_create");
  CHECK(Error{Fault::busy, "locked"}.fault() == Fault::busy);
}

Fault fault_of_errno(Fault fault, int number) {
  try {
    throw_errno(fault, "file", number);
  } catch (const Error& error) {
    return error.fault();
  }
}

TEST_CASE("throw_errno: what the system says goes before what the caller expected") {
  CHECK(fault_of_errno(Fault::io, ENOENT) == Fault::no_input);
  CHECK(fault_of_errno(Fault::cannot_create, ENOENT) == Fault::cannot_create);
  CHECK(fault_of_errno(Fault::cannot_create, ENOSPC) == Fault::io);
  CHECK(fault_of_errno(Fault::io, EACCES) == Fault::denied);
  CHECK(fault_of_errno(Fault::unavailable, EINVAL) == Fault::unavailable);
  CHECK_THROWS_WITH(throw_errno(Fault::io, "/a/b", ENOENT), "/a/b: No such file or directory");
}

TEST_CASE("cpu: no feature is reported without the ones it rests on") {
  const CpuFeatures& cpu = cpu_features();
  CHECK((!cpu.avx512_vnni || cpu.avx512));
  CHECK((!cpu.avx512_bf16 || cpu.avx512));
  CHECK((!cpu.avx512 || cpu.avx2));
  CHECK((!cpu.avx2 || cpu.sse42));
  CHECK(&cpu == &cpu_features());
}

}  // namespace
}  // namespace hart
