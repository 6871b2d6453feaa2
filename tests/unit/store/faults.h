#pragma once

#include "core/error.h"

namespace hart::test {

/// The fault of the Error that `body` throws; 0 when it throws none.
template <typename Body> Fault fault_of(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.fault();
  }
  return Fault{0};
}

}  // namespace hart::test
