#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tensor/dtype.h"

namespace hart::atom {

/// The types that a student's matrices can have: those that can be written, but for q8_1 and
/// q8_k, which hold activations.
[[nodiscard]] bool is_student_dtype(tensor::DType dtype) noexcept;
/// Their names, separated by spaces.
[[nodiscard]] std::string student_dtype_names();

/// The type that a tensor gets when its model is quantised to `target`.
///
/// Kept as they are: vectors and scalars; whatever does not end in ".weight"; norms, the
/// routers of experts, position and type embeddings, convolutions of state spaces; integers.
/// The matrix of the logits (output.weight, or token_embd.weight where it serves as both,
/// `is_tied`) gets at least q6_k. A row that is not whole blocks gets the next type that fits:
/// q6_k -> q8_0, q5_k -> q5_1, q4_k -> q5_0, q2_k q3_k nvfp4 -> iq4_nl, tq1_0 tq2_0 q1_0 q2_0
/// -> q4_0, and f16 where rows are no multiple of 32.
/// Source: these exceptions and fallbacks follow llama.cpp's llama-quant.cpp.
[[nodiscard]] tensor::DType student_dtype(std::string_view name, tensor::DType dtype,
                                          std::span<const std::uint64_t> shape,
                                          tensor::DType target, bool is_tied);

/// `general.file_type` of a GGUF model that is mostly of this type; -1 where none is defined.
/// Source: enum llama_ftype of llama.cpp's llama.h.
[[nodiscard]] int gguf_file_type(tensor::DType dtype) noexcept;

}  // namespace hart::atom
