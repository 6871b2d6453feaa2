#include "atom/student_dtype.h"

#include <algorithm>
#include <array>
#include <optional>

#include "atom/model_catalog.h"
#include "tensor/convert.h"

namespace hart::atom {
namespace {

using tensor::DType;

bool is_weight_name(std::string_view name) noexcept {
  constexpr std::array kKept{"_norm",       "ffn_gate_inp", "position_embd",
                             "token_types", "ssm_conv1d",   "layernorm"};
  return name.ends_with(".weight") &&
         std::none_of(kKept.begin(), kKept.end(), [&](const char* part) {
           return name.find(part) != std::string_view::npos;
         });
}

/// Bits of an element, scales included.
double bits_of(DType dtype) {
  const tensor::DTypeInfo& layout = tensor::dtype_info(dtype);
  return 8.0 * layout.block_bytes / layout.block_elements;
}

/// The type to take where rows are not whole blocks; nothing when all blocks are too long.
std::optional<DType> smaller_block(DType dtype) noexcept {
  switch (dtype) {
    case DType::q6_k:
      return DType::q8_0;
    case DType::q5_k:
      return DType::q5_1;
    case DType::q4_k:
      return DType::q5_0;
    case DType::q2_k:
    case DType::q3_k:
    case DType::nvfp4:
      return DType::iq4_nl;
    case DType::tq1_0:
    case DType::tq2_0:
    case DType::q1_0:
    case DType::q2_0:
      return DType::q4_0;
    default:
      return std::nullopt;
  }
}

}  // namespace

bool is_student_dtype(DType dtype) noexcept {
  return tensor::can_quantize(dtype) && dtype != DType::q8_1 && dtype != DType::q8_k;
}

std::string student_dtype_names() {
  std::string names;
  for (const tensor::DTypeInfo& info : tensor::dtypes())
    if (is_student_dtype(info.dtype))
      names += (names.empty() ? "" : " ") + std::string{info.name};
  return names;
}

DType student_dtype(std::string_view name, DType dtype, std::span<const std::uint64_t> shape,
                    DType target, bool is_tied) {
  if (shape.size() < 2 || !is_weight_name(name) || !is_weight_dtype(dtype)) return dtype;
  const bool makes_logits = name == "output.weight" || (is_tied && name == "token_embd.weight");
  DType chosen = target;
  if (makes_logits && bits_of(target) < bits_of(DType::q6_k)) chosen = DType::q6_k;
  while (shape[0] % tensor::dtype_info(chosen).block_elements != 0)
    chosen = smaller_block(chosen).value_or(DType::f16);
  return chosen;
}

int gguf_file_type(DType dtype) noexcept {
  switch (dtype) {
    case DType::f32:
      return 0;
    case DType::f16:
      return 1;
    case DType::q4_0:
      return 2;
    case DType::q4_1:
      return 3;
    case DType::q8_0:
      return 7;
    case DType::q5_0:
      return 8;
    case DType::q5_1:
      return 9;
    case DType::q2_k:
      return 10;
    case DType::q3_k:
      return 11;
    case DType::q4_k:
      return 14;
    case DType::q5_k:
      return 16;
    case DType::q6_k:
      return 18;
    case DType::iq4_nl:
      return 25;
    case DType::bf16:
      return 32;
    case DType::tq1_0:
      return 36;
    case DType::tq2_0:
      return 37;
    case DType::mxfp4:
      return 38;
    default:
      return -1;
  }
}

}  // namespace hart::atom
