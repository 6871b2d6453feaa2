#include "hit_fields.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/error.h"

namespace hart::search_tool {
namespace {

/// In the order of HitFields::Field.
constexpr std::array<std::string_view, 10> kFields{"rank",     "atom",   "score", "distance",
                                                   "modality", "text",   "name",  "position",
                                                   "spatial",  "receipt"};

}  // namespace

HitFields::HitFields(const std::string& names) : fields_{0} {
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t comma = std::min(names.find(',', at), names.size());
    const std::string name = names.substr(at, comma - at);
    const auto known = std::find(kFields.begin(), kFields.end(), name);
    if (known == kFields.end())
      throw Error{Fault::usage, "--fields: a hit has no key '" + name +
                                    "': its keys are rank, atom, score, distance, modality,"
                                    " text, name, position, spatial and receipt"};
    fields_ |= 1u << (known - kFields.begin());
    at = comma + 1;
  }
}

}  // namespace hart::search_tool
