#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace hart::test {

/// Whether `call` throws an Error of this fault.
template <typename Call> [[nodiscard]] bool fails_with(Fault fault, Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.fault() == fault;
  }
  return false;
}

[[nodiscard]] inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace hart::test
