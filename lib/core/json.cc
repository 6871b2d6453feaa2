#include "core/json.h"

#include "core/error.h"

namespace hart {
namespace {

constexpr int kMaxDepth = 256;

}  // namespace

Json parse_json(std::string_view text, const std::string& what) {
  try {
    // The callback runs before a value is entered, so a hostile depth never reaches the heap.
    const auto limit_depth = [&](int depth, Json::parse_event_t, Json&) {
      if (depth > kMaxDepth) throw Error{Fault::data, what + ": nested deeper than 256 levels"};
      return true;
    };
    return Json::parse(text, limit_depth);
  } catch (const Json::parse_error& error) {
    throw Error{Fault::data, what + ": malformed JSON at byte " + std::to_string(error.byte)};
  } catch (const Json::exception& error) {
    throw Error{Fault::data, what + ": malformed JSON: " + error.what()};
  }
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace hart
