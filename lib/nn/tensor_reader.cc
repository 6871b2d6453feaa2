#include "nn/tensor_reader.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "nn/decoded_matrix.h"
#include "tensor/convert.h"
#include "tensor/dot.h"
#include "tensor/interleave.h"

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
  const tensor::TensorView& whole = matrix.weight.view;
  const std::size_t row_bytes = whole.bytes.size() / whole.rows();
  Linear part{matrix.weight, {}};
  part.weight.view.shape[1] = count;
  part.weight.view.bytes = whole.bytes.subspan(first * row_bytes, count * row_bytes);
  if (!matrix.bias.empty()) {
    const auto begin = matrix.bias.begin() + static_cast<std::ptrdiff_t>(first);
    part.bias.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
  }
  return part;
}

/// Whether interleaved rows may be parted so: no tile is cut.
bool parts_whole_tiles(std::span<const std::uint64_t> rows) noexcept {
  return std::all_of(rows.begin(), rows.end() - 1,
                     [](std::uint64_t count) { return count % 16 == 0; });
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
  const std::string weight = name + ".weight";
  return {matrix(weight, require(weight, {columns, rows})),
          optional_vector(name + ".bias", rows)};
}

std::vector<Linear> TensorReader::fused(const std::string& name, std::uint64_t columns,
                                        std::span<const std::uint64_t> rows) const {
  Linear whole =
      linear(name, columns, std::accumulate(rows.begin(), rows.end(), std::uint64_t{0}));
  if (whole.weight.layout != tensor::RowLayout::rows && !parts_whole_tiles(rows))
    whole.weight = {this->rows(name + ".weight", whole.weight.view)};
  std::vector<Linear> parts;
  parts.reserve(rows.size());
  std::uint64_t first = 0;
  for (const std::uint64_t count : rows) {
    parts.push_back(rows_of(whole, first, count));
    first += count;
  }
  return parts;
}

tensor::WeightMatrix TensorReader::matrix(const std::string& name,
                                          const tensor::TensorView& view) const {
  if (tensor::has_dot(view.dtype)) return {view, layout_of(name)};
  tensor::TensorView decoded = rows(name, view);
  decoded_.emplace_back();
  decode_matrix(decoded, decoded_.back());
  return {decoded};
}

tensor::TensorView TensorReader::rows(const std::string& name,
                                      const tensor::TensorView& view) const {
  if (layout_of(name) == tensor::RowLayout::rows) return view;
  ByteBuffer& plain = decoded_.emplace_back(view.bytes.size());
  tensor::deinterleave_rows(view.dtype, view.bytes.size() / view.rows(), view.bytes, plain);
  tensor::TensorView out = view;
  out.bytes = plain;
  return out;
}

tensor::RowLayout TensorReader::layout_of(const std::string& name) const {
  return source_.layout ? source_.layout(name) : tensor::RowLayout::rows;
}

}  // namespace hart::nn
