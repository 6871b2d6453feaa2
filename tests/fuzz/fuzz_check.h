#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the process when a property of the fuzz target does not hold; unlike assert, always on.
#define HART_FUZZ_CHECK(condition)                                                        \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
