#include "formats/gguf_endian.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"
#include "formats/byte_order.h"

namespace hart::formats {
namespace {

using tensor::DType;

struct TypeFields {
  DType dtype;
  std::uint32_t n_fields;
  std::array<BlockField, 2> fields;
};

/// Every type that has fields; offsets count from the start of the block.
constexpr std::array kTypes{
    TypeFields{DType::f32, 1, {{{0, 4, 1}}}},
    TypeFields{DType::f16, 1, {{{0, 2, 1}}}},
    TypeFields{DType::q4_0, 1, {{{0, 2, 1}}}},                 // d
    TypeFields{DType::q4_1, 1, {{{0, 2, 2}}}},                 // d, m
    TypeFields{DType::q5_0, 2, {{{0, 2, 1}, {2, 4, 1}}}},      // d; qh
    TypeFields{DType::q5_1, 2, {{{0, 2, 2}, {4, 4, 1}}}},      // d, m; qh
    TypeFields{DType::q8_0, 1, {{{0, 2, 1}}}},                 // d
    TypeFields{DType::q8_1, 1, {{{0, 2, 2}}}},                 // d, s
    TypeFields{DType::q2_k, 1, {{{80, 2, 2}}}},                // d, dmin
    TypeFields{DType::q3_k, 1, {{{108, 2, 1}}}},               // d
    TypeFields{DType::q4_k, 1, {{{0, 2, 2}}}},                 // d, dmin
    TypeFields{DType::q5_k, 1, {{{0, 2, 2}}}},                 // d, dmin
    TypeFields{DType::q6_k, 1, {{{208, 2, 1}}}},               // d
    TypeFields{DType::q8_k, 2, {{{0, 4, 1}, {260, 2, 16}}}},   // d (f32); bsums
    TypeFields{DType::iq2_xxs, 2, {{{0, 2}, {6, 4, 8, 8}}}},   // d; signs and scales
    TypeFields{DType::iq2_xs, 1, {{{0, 2, 33}}}},              // d, qs
    TypeFields{DType::iq3_xxs, 2, {{{0, 2, 1}, {66, 4, 8}}}},  // d; scales and signs
    TypeFields{DType::iq1_s, 2, {{{0, 2, 1}, {34, 2, 8}}}},    // d; qh
    TypeFields{DType::iq4_nl, 1, {{{0, 2, 1}}}},               // d
    TypeFields{DType::iq3_s, 1, {{{0, 2, 1}}}},                // d
    TypeFields{DType::iq2_s, 1, {{{0, 2, 1}}}},                // d
    TypeFields{DType::iq4_xs, 1, {{{0, 2, 2}}}},               // d, scales_h
    TypeFields{DType::i16, 1, {{{0, 2, 1}}}},
    TypeFields{DType::i32, 1, {{{0, 4, 1}}}},
    TypeFields{DType::i64, 1, {{{0, 8, 1}}}},
    TypeFields{DType::f64, 1, {{{0, 8, 1}}}},
    TypeFields{DType::iq1_m, 1, {{{48, 2, 4}}}},  // scales, d in their top bits
    TypeFields{DType::bf16, 1, {{{0, 2, 1}}}},
    TypeFields{DType::tq1_0, 1, {{{52, 2, 1}}}},  // d
    TypeFields{DType::tq2_0, 1, {{{64, 2, 1}}}},  // d
    TypeFields{DType::q1_0, 1, {{{0, 2, 1}}}},    // d
    TypeFields{DType::q2_0, 1, {{{0, 2, 1}}}},    // d
    TypeFields{DType::u16, 1, {{{0, 2, 1}}}},
    TypeFields{DType::u32, 1, {{{0, 4, 1}}}},
    TypeFields{DType::u64, 1, {{{0, 8, 1}}}},
};

/// BlockField with a count that a whole tensor of plain numbers fits.
struct Run {
  std::size_t offset, width, count, stride;
};

template <typename T> void swap_run(std::uint8_t* data, const Run& run) noexcept {
  std::uint8_t* at = data + run.offset;
  for (std::size_t i = 0; i < run.count; ++i, at += run.stride)
    store_le(at, byte_swapped(load_le<T>(at)));
}

void swap_field(std::uint8_t* data, const Run& run) noexcept {
  if (run.width == 2) return swap_run<std::uint16_t>(data, run);
  if (run.width == 4) return swap_run<std::uint32_t>(data, run);
  swap_run<std::uint64_t>(data, run);
}

}  // namespace

std::span<const BlockField> swapped_fields(DType dtype) noexcept {
  const auto* found = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](const TypeFields& type) { return type.dtype == dtype; });
  if (found == kTypes.end()) return {};
  return std::span{found->fields}.first(found->n_fields);
}

void swap_byte_order(DType dtype, std::span<std::uint8_t> blocks) {
  const tensor::DTypeInfo& info = tensor::dtype_info(dtype);
  if (blocks.size() % info.block_bytes != 0)
    throw Error{Fault::data, std::to_string(blocks.size()) + " bytes are not whole blocks of " +
                                 std::string{info.name}};
  for (const BlockField& field : swapped_fields(dtype)) {
    if (field.width == info.block_bytes) {
      swap_field(blocks.data(), {0, field.width, blocks.size() / field.width, field.width});
      continue;
    }
    for (std::size_t block = 0; block < blocks.size(); block += info.block_bytes)
      swap_field(blocks.data() + block, {field.offset, field.width, field.count, field.stride});
  }
}

}  // namespace hart::formats
