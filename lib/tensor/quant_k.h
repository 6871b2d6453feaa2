#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tensor/quant.h"

namespace hart::tensor {

/// Where the fields of a k block begin, in bytes. `quants` hold the low bits of an element,
/// `high` those above them.
struct Q2kLayout {
  static constexpr std::size_t scales = 0, quants = 16, scale = 80, min = 82;
};
struct Q3kLayout {
  static constexpr std::size_t high = 0, quants = 32, scales = 96, scale = 108;
};
struct Q4kLayout {
  static constexpr std::size_t scale = 0, min = 2, scales = 4, quants = 16;
};
struct Q5kLayout {
  static constexpr std::size_t scale = 0, min = 2, scales = 4, high = 16, quants = 48;
};
struct Q6kLayout {
  static constexpr std::size_t quants = 0, high = 128, scales = 192, scale = 208;
};
struct Q8kLayout {
  static constexpr std::size_t scale = 0, quants = 4, sums = 260;
};

/// The sixteen 6-bit scales of a q3_k block, each in [-32, 31], packed into 12 bytes: nibbles
/// of the first and second eight, then four pairs of upper bits.
[[nodiscard]] std::array<std::int8_t, 16> unpack_q3k_scales(
    const std::uint8_t* packed) noexcept;
/// `scales` are in [0, 63], 32 more than what they stand for.
void pack_q3k_scales(const std::array<std::uint8_t, 16>& scales, std::uint8_t* packed) noexcept;

/// The eight 6-bit scales and minima of a q4_k or q5_k block, packed into 12 bytes: the first
/// four of each, then the low nibbles of the others, whose upper bits stand above the first.
struct ScalesAndMins {
  std::array<std::uint8_t, 8> scales;
  std::array<std::uint8_t, 8> mins;
};
[[nodiscard]] ScalesAndMins unpack_scales_and_mins(const std::uint8_t* packed) noexcept;
void pack_scales_and_mins(const ScalesAndMins& unpacked, std::uint8_t* packed) noexcept;

void encode_q2_k(const float* values, const float* importance, std::uint8_t* block) noexcept;
void encode_q3_k(const float* values, const float* importance, std::uint8_t* block) noexcept;
void encode_q4_k(const float* values, const float* importance, std::uint8_t* block) noexcept;
void encode_q5_k(const float* values, const float* importance, std::uint8_t* block) noexcept;
void encode_q6_k(const float* values, const float* importance, std::uint8_t* block) noexcept;
void encode_q8_k(const float* values, const float* importance, std::uint8_t* block) noexcept;

}  // namespace hart::tensor
