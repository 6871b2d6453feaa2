#include "common/instant.h"

#include <algorithm>

#include "common/duration.h"
#include "core/error.h"

namespace hart::cli {
namespace {

template <typename Parse>
std::optional<TimeUs> parsed(const Parse& parse, std::string_view text) {
  try {
    return parse(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<TimeUs> find_instant(std::string_view text) {
  if (const auto time = parsed(parse_time, text)) return time;
  if (const auto ago = parsed(parse_duration, text))
    return std::max<TimeUs>(0, now_us() - *ago);
  return std::nullopt;
}

}  // namespace hart::cli
