#include "formats/gguf_writer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/checked.h"
#include "formats/gguf_values.h"

namespace hart::formats {
namespace {

constexpr std::uint32_t kVersion = 3;

std::size_t padding(std::size_t size, std::uint64_t alignment) {
  return checked_align(size, alignment, "GGUF file") - size;
}

}  // namespace

bool is_gguf_dtype(tensor::DType dtype) noexcept {
  return tensor::find_dtype(static_cast<std::uint32_t>(dtype)).has_value();
}

void GgufWriter::add(std::string_view key, GgufType type, const GgufValue& value) {
  ByteBuffer entry;
  append_gguf_string(entry, key, order_);
  append_ordered(entry, static_cast<std::uint32_t>(type), order_);
  append_gguf_value(entry, type, value, order_);
  append(metadata_, entry);
  ++n_entries_;
  if (key != "general.alignment") return;
  const auto* alignment = std::get_if<std::int64_t>(&value);
  // A value that cannot align stays in the metadata, where header() finds and refuses it.
  if (alignment != nullptr && *alignment > 0 &&
      std::has_single_bit(static_cast<std::uint64_t>(*alignment)))
    alignment_ = static_cast<std::uint64_t>(*alignment);
}

void GgufWriter::add_metadata(const GgufHeader& header) {
  for (const GgufEntry& entry : header.metadata) add(entry.key, entry.type, entry.value);
}

void GgufWriter::add_u32(std::string_view key, std::uint32_t value) {
  add(key, GgufType::u32, std::int64_t{value});
}

void GgufWriter::add_f32(std::string_view key, float value) {
  add(key, GgufType::f32, double{value});
}

void GgufWriter::add_bool(std::string_view key, bool value) {
  add(key, GgufType::boolean, value);
}

void GgufWriter::add_string(std::string_view key, std::string_view value) {
  add(key, GgufType::string, value);
}

void GgufWriter::add_strings(std::string_view key, std::span<const std::string_view> values) {
  GgufArray array{.element = GgufType::string, .integers = {}, .floats = {}, .strings = {}};
  array.strings.assign(values.begin(), values.end());
  add(key, GgufType::array, std::move(array));
}

void GgufWriter::add_floats(std::string_view key, std::span<const float> values) {
  GgufArray array{.element = GgufType::f32, .integers = {}, .floats = {}, .strings = {}};
  array.floats.assign(values.begin(), values.end());
  add(key, GgufType::array, std::move(array));
}

void GgufWriter::add_i32s(std::string_view key, std::span<const std::int32_t> values) {
  GgufArray array{.element = GgufType::i32, .integers = {}, .floats = {}, .strings = {}};
  array.integers.assign(values.begin(), values.end());
  add(key, GgufType::array, std::move(array));
}

void GgufWriter::add_tensor(std::string_view name, tensor::DType dtype,
                            std::span<const std::uint64_t> shape) {
  if (!is_gguf_dtype(dtype))
    throw Error{Fault::data, "tensor '" + std::string{name} + "': GGUF has no type for " +
                                 std::string{tensor::dtype_info(dtype).name}};
  const std::uint64_t bytes = tensor::tensor_bytes(dtype, shape);
  tensors_.push_back({std::string{name}, dtype, {shape.begin(), shape.end()}, bytes});
}

ByteBuffer GgufWriter::header() const {
  ByteBuffer out;
  append(out, as_bytes("GGUF"));
  append_ordered(out, kVersion, order_);
  append_ordered<std::uint64_t>(out, tensors_.size(), order_);
  append_ordered(out, n_entries_, order_);
  append(out, metadata_);
  std::uint64_t offset = 0;
  for (const Tensor& tensor : tensors_) {
    append_gguf_string(out, tensor.name, order_);
    append_ordered(out, static_cast<std::uint32_t>(tensor.shape.size()), order_);
    for (const std::uint64_t size : tensor.shape) append_ordered(out, size, order_);
    append_ordered(out, static_cast<std::uint32_t>(tensor.dtype), order_);
    append_ordered(out, offset, order_);
    offset = checked_add(offset, tensor.bytes, "GGUF data section");
    offset = checked_align(offset, alignment_, "GGUF data section");
  }
  out.resize(out.size() + padding(out.size(), alignment_));
  // The reader is the judge of what may stand in a file.
  static_cast<void>(parse_gguf(out, checked_add(out.size(), offset, "GGUF file")));
  return out;
}

std::vector<PayloadPart> GgufWriter::payload() const {
  std::vector<PayloadPart> parts;
  for (const Tensor& tensor : tensors_)
    parts.push_back({tensor.name, tensor.bytes, padding(tensor.bytes, alignment_)});
  return parts;
}

ByteBuffer GgufWriter::file(std::span<const ByteView> data) const {
  if (data.size() != tensors_.size())
    throw Error{Fault::usage, "GGUF file: data for " + std::to_string(data.size()) +
                                  " tensors, descriptions of " +
                                  std::to_string(tensors_.size())};
  ByteBuffer out = header();
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i].size() != tensors_[i].bytes)
      throw Error{Fault::usage, "GGUF tensor '" + tensors_[i].name +
                                    "': " + std::to_string(data[i].size()) + " bytes given, " +
                                    std::to_string(tensors_[i].bytes) + " described"};
    append(out, data[i]);
    out.resize(out.size() + padding(out.size(), alignment_));
  }
  return out;
}

}  // namespace hart::formats
