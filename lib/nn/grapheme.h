#pragma once

#include <cstddef>
#include <string_view>

namespace hart::nn {

/// The size in bytes of the extended grapheme cluster that `text`, which is not empty, begins
/// with: exact for clusters of up to five bytes, which is what a compiled normalizer asks; of
/// longer ones a part may be cut off, but never to less than six bytes. Source: Unicode
/// Standard Annex #29, Unicode 14.
[[nodiscard]] std::size_t grapheme_size(std::string_view text) noexcept;

}  // namespace hart::nn
