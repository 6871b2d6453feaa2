#pragma once

#include <cstdint>
#include <string>

#include "core/error.h"

namespace hart {

/// a + b. Throws Error(data, "<what>: sum overflows 64 bits").
[[nodiscard]] inline std::uint64_t checked_add(std::uint64_t a, std::uint64_t b,
                                               const char* what) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    throw Error{Fault::data, std::string{what} + ": sum overflows 64 bits"};
  return sum;
}

/// a × b. Throws Error(data, "<what>: product overflows 64 bits").
[[nodiscard]] inline std::uint64_t checked_multiply(std::uint64_t a, std::uint64_t b,
                                                    const char* what) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    throw Error{Fault::data, std::string{what} + ": product overflows 64 bits"};
  return product;
}

/// `value` rounded up to a multiple of `alignment`, a power of two. Throws Error(data) on
/// overflow.
[[nodiscard]] inline std::uint64_t checked_align(std::uint64_t value, std::uint64_t alignment,
                                                 const char* what) {
  return checked_add(value, alignment - 1, what) & ~(alignment - 1);
}

}  // namespace hart
