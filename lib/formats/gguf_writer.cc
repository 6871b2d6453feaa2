#include "formats/gguf_writer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/checked.h"
#include "core/endian.h"

namespace hart::formats {
namespace {

constexpr std::uint32_t kVersion = 3;

void append_string(ByteBuffer& out, std::string_view text) {
  append_le<std::uint64_t>(out, text.size());
  append(out, as_bytes(text));
}

template <typename T> void append_narrow(ByteBuffer& out, std::int64_t value) {
  if (!std::in_range<T>(value))
    throw Error{Fault::usage, "GGUF value " + std::to_string(value) + " does not fit its type"};
  append_le(out, static_cast<T>(value));
}

void append_integer(ByteBuffer& out, GgufType type, std::int64_t value) {
  switch (type) {
    case GgufType::u8:
      return append_narrow<std::uint8_t>(out, value);
    case GgufType::i8:
      return append_narrow<std::int8_t>(out, value);
    case GgufType::u16:
      return append_narrow<std::uint16_t>(out, value);
    case GgufType::i16:
      return append_narrow<std::int16_t>(out, value);
    case GgufType::u32:
      return append_narrow<std::uint32_t>(out, value);
    case GgufType::i32:
      return append_narrow<std::int32_t>(out, value);
    case GgufType::u64:
    case GgufType::i64:
      return append_le(out, value);
    case GgufType::boolean:
      return append_le<std::uint8_t>(out, value != 0 ? 1 : 0);
    default:
      throw Error{Fault::usage, "GGUF integer given for a type that is not one"};
  }
}

void append_float(ByteBuffer& out, GgufType type, double value) {
  if (type == GgufType::f32) return append_le(out, static_cast<float>(value));
  if (type == GgufType::f64) return append_le(out, value);
  throw Error{Fault::usage, "GGUF float given for a type that is not one"};
}

void append_array(ByteBuffer& out, const GgufArray& array) {
  const bool is_string = array.element == GgufType::string;
  const bool is_float = array.element == GgufType::f32 || array.element == GgufType::f64;
  const std::size_t expected = is_string  ? array.strings.size()
                               : is_float ? array.floats.size()
                                          : array.integers.size();
  if (expected != array.size())
    throw Error{Fault::usage, "GGUF array holds elements of more than its type"};
  append_le(out, static_cast<std::uint32_t>(array.element));
  append_le<std::uint64_t>(out, array.size());
  for (const std::string_view text : array.strings) append_string(out, text);
  for (const double value : array.floats) append_float(out, array.element, value);
  for (const std::int64_t value : array.integers) append_integer(out, array.element, value);
}

void append_value(ByteBuffer& out, GgufType type, const GgufValue& value) {
  const auto require = [&](GgufType wanted) {
    if (type != wanted) throw Error{Fault::usage, "GGUF value is not of the type given for it"};
  };
  if (const auto* array = std::get_if<GgufArray>(&value)) {
    require(GgufType::array);
    append_array(out, *array);
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    require(GgufType::string);
    append_string(out, *text);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    require(GgufType::boolean);
    out.push_back(*flag ? 1 : 0);
  } else if (const auto* real = std::get_if<double>(&value)) {
    append_float(out, type, *real);
  } else {
    if (type == GgufType::boolean)
      throw Error{Fault::usage, "GGUF integer given for a boolean"};
    append_integer(out, type, std::get<std::int64_t>(value));
  }
}

std::size_t padding(std::size_t size, std::uint64_t alignment) {
  return checked_align(size, alignment, "GGUF file") - size;
}

}  // namespace

void GgufWriter::add(std::string_view key, GgufType type, const GgufValue& value) {
  ByteBuffer entry;
  append_string(entry, key);
  append_le(entry, static_cast<std::uint32_t>(type));
  append_value(entry, type, value);
  append(metadata_, entry);
  ++n_entries_;
  if (key != "general.alignment") return;
  const auto* alignment = std::get_if<std::int64_t>(&value);
  // A value that cannot align stays in the metadata, where header() finds and refuses it.
  if (alignment != nullptr && *alignment > 0 &&
      std::has_single_bit(static_cast<std::uint64_t>(*alignment)))
    alignment_ = static_cast<std::uint64_t>(*alignment);
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
  const std::uint64_t bytes = tensor::tensor_bytes(dtype, shape);
  tensors_.push_back({std::string{name}, dtype, {shape.begin(), shape.end()}, bytes});
}

ByteBuffer GgufWriter::header() const {
  ByteBuffer out;
  append(out, as_bytes("GGUF"));
  append_le(out, kVersion);
  append_le<std::uint64_t>(out, tensors_.size());
  append_le(out, n_entries_);
  append(out, metadata_);
  std::uint64_t offset = 0;
  for (const Tensor& tensor : tensors_) {
    append_string(out, tensor.name);
    append_le(out, static_cast<std::uint32_t>(tensor.shape.size()));
    for (const std::uint64_t size : tensor.shape) append_le(out, size);
    append_le(out, static_cast<std::uint32_t>(tensor.dtype));
    append_le(out, offset);
    offset = checked_add(offset, tensor.bytes, "GGUF data section");
    offset = checked_align(offset, alignment_, "GGUF data section");
  }
  out.resize(out.size() + padding(out.size(), alignment_));
  // The reader is the judge of what may stand in a file.
  static_cast<void>(parse_gguf(out, checked_add(out.size(), offset, "GGUF file")));
  return out;
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
