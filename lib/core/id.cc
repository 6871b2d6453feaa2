#include "core/id.h"

#include <algorithm>

#include "core/error.h"

namespace hart {

std::string_view id_space_prefix(IdSpace space) noexcept {
  switch (space) {
    case IdSpace::content:
      return "sha256:";
    case IdSpace::structure:
      return "tree:";
    case IdSpace::keyed:
      return "hmac:";
  }
  return "";
}

std::string Id::text() const {
  return std::string{id_space_prefix(space)} + to_hex(hash);
}

Id parse_id(std::string_view text) {
  for (const IdSpace space : {IdSpace::content, IdSpace::structure, IdSpace::keyed}) {
    const std::string_view prefix = id_space_prefix(space);
    if (!text.starts_with(prefix)) continue;
    const ByteBuffer digest = from_hex(text.substr(prefix.size()));
    if (digest.size() != 32)
      throw Error{Fault::data, "id '" + std::string{text} + "' has not 64 hexadecimal digits"};
    Id id{space, {}};
    std::copy(digest.begin(), digest.end(), id.hash.begin());
    return id;
  }
  throw Error{Fault::data,
              "id '" + std::string{text} + "' does not begin with sha256:, tree: or hmac:"};
}

}  // namespace hart
