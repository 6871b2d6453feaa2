#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hart::prov {

/// The first eight bytes of a receipt: "HARTRCPT". Source: hart-receipt(5).
inline constexpr std::array<std::uint8_t, 8> kReceiptMagic{'H', 'A', 'R', 'T',
                                                           'R', 'C', 'P', 'T'};
inline constexpr std::uint32_t kReceiptVersion = 1;
/// u16 tag, u32 length.
inline constexpr std::size_t kSegmentHeaderBytes = 6;

}  // namespace hart::prov
