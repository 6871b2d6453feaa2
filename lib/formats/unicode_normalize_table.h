#pragma once

#include <cstdint>
#include <span>

namespace hart::formats {

/// One step of decomposition: `size` code points of `decomposed()` from `offset`.
struct Decomposition {
  char32_t point;
  std::uint16_t offset;
  std::uint8_t size;
  bool compatible;  ///< a compatibility mapping, which NFC and NFD leave alone
};

/// `first` followed by `second` is, composed, `composed`. Exclusions are left out.
struct Composition {
  char32_t first, second, composed;
};

struct CombiningRun {
  char32_t first, last;
  std::uint8_t combining_class;
};

/// Ascending by `point`; Hangul syllables, which follow a rule, are not in it.
[[nodiscard]] std::span<const Decomposition> decompositions() noexcept;
[[nodiscard]] std::span<const char32_t> decomposed() noexcept;
/// Ascending by `first`, then `second`.
[[nodiscard]] std::span<const Composition> compositions() noexcept;
/// Ascending; code points in no run have class 0.
[[nodiscard]] std::span<const CombiningRun> combining_runs() noexcept;

}  // namespace hart::formats
