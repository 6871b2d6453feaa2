#pragma once

#include <string>

#include "bill/plan.h"
#include "common/cli.h"
#include "core/error.h"

namespace hart::cli {

/// The rate plan in a file, `-` for standard input. What is wrong with it is told with the
/// file's name.
[[nodiscard]] inline bill::RatePlan read_plan(const std::string& file) {
  const std::string text = read_input(file);
  try {
    return bill::parse_plan(text);
  } catch (const Error& error) {
    throw Error{error.fault(),
                (file == "-" ? "standard input" : file) + std::string{": "} + error.what()};
  }
}

}  // namespace hart::cli
