#include "nn/tensor_reader.h"

#include <numeric>

#include "core/error.h"
#include "nn/decoded_matrix.h"
#include "tensor/convert.h"
#include "tensor/dot.h"

namespace hart::nn {
namespace {

/// Integers are counts and ids, never weights.
bool is_weight(tensor::DType dtype) noexcept {
  return tensor::is_convertible(dtype) && dtype != tensor::DType::i8 &&
         dtype != tensor::DType::i16 && dtype != tensor::DType::i32 &&
         dtype != tensor::DType::i64;
}

void check_payload(const std::string& name, const tensor::TensorView& view) {
  if (!is_weight(view.dtype))
    throw Error{Fault::data, "tensor '" + name + "': type " +
                                 std::string{tensor::dtype_info(view.dtype).name} +
                                 " is not supported"};
  if (view.bytes.size() != tensor::tensor_bytes(view.dtype, view.shape))
    throw Error{Fault::data, "tensor '" + name + "': " + std::to_string(view.bytes.size()) +
                                 " bytes do not fit its shape and type"};
}

std::vector<float> values(const tensor::TensorView& view) {
  std::vector<float> out(view.columns());
  tensor::dequantize_row(view.dtype, view.bytes, out);
  return out;
}

/// Rows [first, first + count) of a matrix.
Linear rows_of(const Linear& matrix, std::uint64_t first, std::uint64_t count) {
  const std::size_t row_bytes = matrix.weight.bytes.size() / matrix.weight.rows();
  Linear part{matrix.weight, {}};
  part.weight.shape[1] = count;
  part.weight.bytes = matrix.weight.bytes.subspan(first * row_bytes, count * row_bytes);
  if (!matrix.bias.empty()) {
    const auto begin = matrix.bias.begin() + static_cast<std::ptrdiff_t>(first);
    part.bias.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
  }
  return part;
}

}  // namespace

std::string shape_text(std::span<const std::uint64_t> shape) {
  std::string text = "(";
  for (const std::uint64_t size : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + ")";
}

std::optional<tensor::TensorView> TensorReader::find(const std::string& name,
                                                     std::vector<std::uint64_t> shape) const {
  std::optional<tensor::TensorView> view = source_.tensor(name);
  if (!view) return view;
  if (view->shape != shape)
    throw Error{Fault::data, "tensor '" + name + "': its shape is " + shape_text(view->shape) +
                                 ", the parameters need " + shape_text(shape)};
  check_payload(name, *view);
  return view;
}

tensor::TensorView TensorReader::require(const std::string& name,
                                         std::vector<std::uint64_t> shape) const {
  std::optional<tensor::TensorView> view = find(name, std::move(shape));
  if (!view) throw Error{Fault::data, "tensor '" + name + "': missing"};
  return *std::move(view);
}

std::vector<float> TensorReader::optional_vector(const std::string& name,
                                                 std::uint64_t size) const {
  const std::optional<tensor::TensorView> view = find(name, {size});
  return view ? values(*view) : std::vector<float>{};
}

Norm TensorReader::norm(const std::string& name, std::uint64_t size) const {
  return {values(require(name + ".weight", {size})), optional_vector(name + ".bias", size)};
}

Linear TensorReader::linear(const std::string& name, std::uint64_t columns,
                            std::uint64_t rows) const {
  return {runnable(require(name + ".weight", {columns, rows})),
          optional_vector(name + ".bias", rows)};
}

std::vector<Linear> TensorReader::fused(const std::string& name, std::uint64_t columns,
                                        std::span<const std::uint64_t> rows) const {
  const Linear whole =
      linear(name, columns, std::accumulate(rows.begin(), rows.end(), std::uint64_t{0}));
  std::vector<Linear> parts;
  parts.reserve(rows.size());
  std::uint64_t first = 0;
  for (const std::uint64_t count : rows) {
    parts.push_back(rows_of(whole, first, count));
    first += count;
  }
  return parts;
}

tensor::TensorView TensorReader::runnable(tensor::TensorView view) const {
  if (tensor::has_dot(view.dtype)) return view;
  decoded_.emplace_back();
  decode_matrix(view, decoded_.back());
  return view;
}

}  // namespace hart::nn
