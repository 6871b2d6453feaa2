#pragma once

#include <string>
#include <string_view>

namespace hart::formats {

enum class NormalForm { nfc, nfd, nfkc, nfkd };

/// `text` in a normal form. Bytes that are not valid UTF-8 stay as they are and separate what
/// stands before them from what follows. Linear but for runs of combining marks, which are
/// sorted. Source: Unicode Standard Annex #15, Unicode 14.
[[nodiscard]] std::string normalize(std::string_view text, NormalForm form);

}  // namespace hart::formats
