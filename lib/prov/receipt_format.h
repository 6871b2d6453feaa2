#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "prov/receipt.h"

namespace hart::prov {

/// The first eight bytes of a receipt: "HARTRCPT". Source: hart-receipt(5).
inline constexpr std::array<std::uint8_t, 8> kReceiptMagic{'H', 'A', 'R', 'T',
                                                           'R', 'C', 'P', 'T'};
/// What is written; version 1 is read as well.
inline constexpr std::uint32_t kReceiptVersion = 2;
/// u16 tag, u32 length.
inline constexpr std::size_t kSegmentHeaderBytes = 6;

/// How often a segment comes.
enum class Occurs : std::uint8_t { once, at_most_once, any };

/// A segment's place in a version of the format.
struct SegmentRule {
  Tag tag;
  Occurs occurs;
};

/// The segments of a version in the order in which they stand; empty for an unknown one.
[[nodiscard]] std::span<const SegmentRule> segment_rules(std::uint32_t version) noexcept;

}  // namespace hart::prov
