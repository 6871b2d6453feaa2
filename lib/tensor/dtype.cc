#include "tensor/dtype.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace hart::tensor {
namespace {

// Block sizes as ggml-common.h defines its block structures; the last seven are the SafeTensors
// format's own element types.
constexpr std::array kTypes{
    DTypeInfo{DType::f32, "f32", 1, 4},
    DTypeInfo{DType::f16, "f16", 1, 2},
    DTypeInfo{DType::q4_0, "q4_0", 32, 18},
    DTypeInfo{DType::q4_1, "q4_1", 32, 20},
    DTypeInfo{DType::q5_0, "q5_0", 32, 22},
    DTypeInfo{DType::q5_1, "q5_1", 32, 24},
    DTypeInfo{DType::q8_0, "q8_0", 32, 34},
    DTypeInfo{DType::q8_1, "q8_1", 32, 36},
    DTypeInfo{DType::q2_k, "q2_k", 256, 84},
    DTypeInfo{DType::q3_k, "q3_k", 256, 110},
    DTypeInfo{DType::q4_k, "q4_k", 256, 144},
    DTypeInfo{DType::q5_k, "q5_k", 256, 176},
    DTypeInfo{DType::q6_k, "q6_k", 256, 210},
    DTypeInfo{DType::q8_k, "q8_k", 256, 292},
    DTypeInfo{DType::iq2_xxs, "iq2_xxs", 256, 66},
    DTypeInfo{DType::iq2_xs, "iq2_xs", 256, 74},
    DTypeInfo{DType::iq3_xxs, "iq3_xxs", 256, 98},
    DTypeInfo{DType::iq1_s, "iq1_s", 256, 50},
    DTypeInfo{DType::iq4_nl, "iq4_nl", 32, 18},
    DTypeInfo{DType::iq3_s, "iq3_s", 256, 110},
    DTypeInfo{DType::iq2_s, "iq2_s", 256, 82},
    DTypeInfo{DType::iq4_xs, "iq4_xs", 256, 136},
    DTypeInfo{DType::i8, "i8", 1, 1},
    DTypeInfo{DType::i16, "i16", 1, 2},
    DTypeInfo{DType::i32, "i32", 1, 4},
    DTypeInfo{DType::i64, "i64", 1, 8},
    DTypeInfo{DType::f64, "f64", 1, 8},
    DTypeInfo{DType::iq1_m, "iq1_m", 256, 56},
    DTypeInfo{DType::bf16, "bf16", 1, 2},
    DTypeInfo{DType::tq1_0, "tq1_0", 256, 54},
    DTypeInfo{DType::tq2_0, "tq2_0", 256, 66},
    DTypeInfo{DType::mxfp4, "mxfp4", 32, 17},
    DTypeInfo{DType::nvfp4, "nvfp4", 64, 36},
    DTypeInfo{DType::q1_0, "q1_0", 128, 18},
    DTypeInfo{DType::q2_0, "q2_0", 64, 18},
    DTypeInfo{DType::boolean, "bool", 1, 1},
    DTypeInfo{DType::u8, "u8", 1, 1},
    DTypeInfo{DType::u16, "u16", 1, 2},
    DTypeInfo{DType::u32, "u32", 1, 4},
    DTypeInfo{DType::u64, "u64", 1, 8},
    DTypeInfo{DType::f8_e4m3, "f8_e4m3", 1, 1},
    DTypeInfo{DType::f8_e5m2, "f8_e5m2", 1, 1},
};

static_assert(std::is_sorted(kTypes.begin(), kTypes.end(),
                             [](const DTypeInfo& a, const DTypeInfo& b) {
                               return a.dtype < b.dtype;
                             }));

/// Ids that GGUF once gave to types and will not give again (ggml.h): two early 4-bit types,
/// and rows interleaved for one processor's kernels, which are made at load time now.
struct RemovedType {
  std::uint32_t id;
  std::string_view name;
};
constexpr std::array kRemovedTypes{
    RemovedType{4, "q4_2"},        RemovedType{5, "q4_3"},        RemovedType{31, "q4_0_4_4"},
    RemovedType{32, "q4_0_4_8"},   RemovedType{33, "q4_0_8_8"},   RemovedType{36, "iq4_nl_4_4"},
    RemovedType{37, "iq4_nl_4_8"}, RemovedType{38, "iq4_nl_8_8"},
};

// The range that ik_llama.cpp uses for types of its own, whose layouts no specification gives.
constexpr std::uint32_t kFirstPrivateId = 97;
constexpr std::uint32_t kLastPrivateId = 399;

// Ids from here on are ours, not GGUF's.
constexpr std::uint32_t kFirstOwnId = 1000;

const DTypeInfo* find_info(std::uint32_t id) noexcept {
  const auto* found = std::lower_bound(kTypes.begin(), kTypes.end(), id,
                                       [](const DTypeInfo& info, std::uint32_t value) {
                                         return static_cast<std::uint32_t>(info.dtype) < value;
                                       });
  const bool known = found != kTypes.end() && static_cast<std::uint32_t>(found->dtype) == id;
  return known ? found : nullptr;
}

std::string shape_text(std::span<const std::uint64_t> shape) {
  std::string text = "tensor of shape [";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace

std::span<const DTypeInfo> dtypes() noexcept {
  return kTypes;
}

const DTypeInfo& dtype_info(DType dtype) {
  const auto id = static_cast<std::uint32_t>(dtype);
  const DTypeInfo* info = find_info(id);
  if (info == nullptr) throw Error{Fault::internal, "unknown dtype " + std::to_string(id)};
  return *info;
}

std::optional<DType> find_dtype(std::uint32_t gguf_id) noexcept {
  if (gguf_id >= kFirstOwnId) return std::nullopt;
  const DTypeInfo* info = find_info(gguf_id);
  return info == nullptr ? std::nullopt : std::optional{info->dtype};
}

std::optional<DType> find_dtype(std::string_view name) noexcept {
  const auto* found = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](const DTypeInfo& info) { return info.name == name; });
  return found == kTypes.end() ? std::nullopt : std::optional{found->dtype};
}

std::string describe_unknown_dtype(std::uint32_t gguf_id) {
  const std::string type = "tensor type " + std::to_string(gguf_id);
  for (const RemovedType& removed : kRemovedTypes)
    if (removed.id == gguf_id)
      return type + " (" + std::string{removed.name} + ") was removed from the format";
  if (gguf_id >= kFirstPrivateId && gguf_id <= kLastPrivateId)
    return type + " is a private id of a fork";
  return "unknown " + type;
}

std::uint64_t tensor_bytes(DType dtype, std::span<const std::uint64_t> shape) {
  const DTypeInfo& info = dtype_info(dtype);
  const std::uint64_t row = shape.empty() ? 1 : shape.front();
  if (row % info.block_elements != 0)
    throw Error{Fault::data, shape_text(shape) + ": rows of " + std::to_string(row) + " " +
                                 std::string{info.name} + " elements are not whole blocks of " +
                                 std::to_string(info.block_elements)};
  // A zero must not hide an overflow of the others: rows() multiplies them too. The text is
  // made for a message only: matrix products come here.
  bool empty = false;
  std::uint64_t elements = 1, bytes = 0;
  bool fits = true;
  for (const std::uint64_t size : shape) {
    empty = empty || size == 0;
    fits = fits && !__builtin_mul_overflow(elements, size == 0 ? 1 : size, &elements);
  }
  fits = fits && (empty || !__builtin_mul_overflow(elements / info.block_elements,
                                                   info.block_bytes, &bytes));
  if (!fits) throw Error{Fault::data, shape_text(shape) + ": product overflows 64 bits"};
  return bytes;
}

}  // namespace hart::tensor
