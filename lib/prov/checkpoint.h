#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace hart::prov {

/// What a log commits to at a size: the text of a signed note (crypto/signed_note.h). Source:
/// c2sp.org/tlog-checkpoint.
struct Checkpoint {
  std::string origin;  ///< which log; by custom the name of the key that signs
  std::uint64_t size = 0;
  Hash256 root{};
  std::vector<std::string> extensions;  ///< further lines; we write none

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// Origin, size in decimal digits, root in base64, extensions: a line each. Throws Error(data)
/// when the origin or an extension is empty or holds a newline.
[[nodiscard]] std::string checkpoint_text(const Checkpoint& checkpoint);
/// The inverse, of the text of a note. Throws Error(data) naming the line.
[[nodiscard]] Checkpoint parse_checkpoint(std::string_view text);

}  // namespace hart::prov
