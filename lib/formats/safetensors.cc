#include "formats/safetensors.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/checked.h"
#include "core/endian.h"
#include "core/json.h"
#include "formats/safetensors_sax.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

constexpr std::size_t kLengthBytes = 8;
// MAX_HEADER_SIZE of the reference implementation.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kHeaderAlignment = 8;

struct DtypeName {
  tensor::DType dtype;
  std::string_view name;
};

constexpr std::array kDtypeNames{
    DtypeName{tensor::DType::boolean, "BOOL"},    DtypeName{tensor::DType::u8, "U8"},
    DtypeName{tensor::DType::i8, "I8"},           DtypeName{tensor::DType::f8_e5m2, "F8_E5M2"},
    DtypeName{tensor::DType::f8_e4m3, "F8_E4M3"}, DtypeName{tensor::DType::i16, "I16"},
    DtypeName{tensor::DType::u16, "U16"},         DtypeName{tensor::DType::f16, "F16"},
    DtypeName{tensor::DType::bf16, "BF16"},       DtypeName{tensor::DType::i32, "I32"},
    DtypeName{tensor::DType::u32, "U32"},         DtypeName{tensor::DType::f32, "F32"},
    DtypeName{tensor::DType::f64, "F64"},         DtypeName{tensor::DType::i64, "I64"},
    DtypeName{tensor::DType::u64, "U64"},
};

[[noreturn]] void fail_tensor(const std::string& name, const std::string& message) {
  throw Error{Fault::data, "SafeTensors header: tensor '" + name + "': " + message};
}

tensor::DType dtype_of(const SafetensorsEntry& entry) {
  for (const DtypeName& known : kDtypeNames)
    if (known.name == entry.dtype) return known.dtype;
  fail_tensor(entry.name, "expected a known dtype, found '" + entry.dtype + "'");
}

SafetensorsTensor convert(SafetensorsEntry&& entry) {
  SafetensorsTensor tensor{};
  tensor.dtype = dtype_of(entry);
  if (entry.data_offsets.size() != 2)
    fail_tensor(entry.name, "expected two data_offsets, found " +
                                std::to_string(entry.data_offsets.size()));
  const std::uint64_t begin = entry.data_offsets[0];
  const std::uint64_t end = entry.data_offsets[1];
  if (end < begin)
    fail_tensor(entry.name, "expected ascending data_offsets, found " + std::to_string(begin) +
                                " and " + std::to_string(end));
  tensor.shape.assign(entry.shape.rbegin(), entry.shape.rend());
  try {
    tensor.bytes = tensor::tensor_bytes(tensor.dtype, tensor.shape);
  } catch (const Error& error) {
    fail_tensor(entry.name, error.what());
  }
  if (tensor.bytes != end - begin)
    fail_tensor(entry.name, "expected " + std::to_string(tensor.bytes) +
                                " bytes of data for its shape, found " +
                                std::to_string(end - begin));
  tensor.offset = begin;
  tensor.name = std::move(entry.name);
  return tensor;
}

template <typename Range, typename Projection>
void refuse_duplicates(const Range& range, Projection name_of, const char* what) {
  std::vector<std::string_view> names;
  names.reserve(range.size());
  for (const auto& item : range) names.push_back(name_of(item));
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    throw Error{Fault::data, std::string{"SafeTensors header: expected each "} + what +
                                 " once, found '" + std::string{*twice} + "' again"};
}

void check_coverage(const SafetensorsHeader& header) {
  std::uint64_t end = 0;
  for (const SafetensorsTensor& tensor : header.tensors) {
    if (tensor.offset != end)
      fail_tensor(tensor.name, "expected its data at offset " + std::to_string(end) +
                                   ", found " + std::to_string(tensor.offset));
    end = checked_add(end, tensor.bytes, "SafeTensors data section");
  }
  if (end != header.data_bytes)
    throw Error{Fault::data, "SafeTensors data section: expected " + std::to_string(end) +
                                 " bytes up to the end of the file, found " +
                                 std::to_string(header.data_bytes)};
}

std::string quoted(const std::string& text) {
  if (!is_utf8(text)) throw Error{Fault::data, "SafeTensors header: text that is not UTF-8"};
  return dump_json(Json(text));
}

/// The JSON's length, when the file can hold it and the format allows it.
std::optional<std::uint64_t> header_length(ByteView bytes, std::uint64_t file_bytes) noexcept {
  if (bytes.size() < kLengthBytes || file_bytes < kLengthBytes) return std::nullopt;
  const auto length = load_le<std::uint64_t>(bytes.data());
  const bool fits = length <= kMaxHeaderBytes && length <= file_bytes - kLengthBytes;
  return fits ? std::optional{length} : std::nullopt;
}

}  // namespace

const SafetensorsTensor* SafetensorsHeader::find_tensor(std::string_view name) const noexcept {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const auto& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

bool looks_like_safetensors(ByteView head, std::uint64_t file_bytes) noexcept {
  const auto length = header_length(head, file_bytes);
  return length >= 2 && head.size() > kLengthBytes && head[kLengthBytes] == '{';
}

SafetensorsHeader parse_safetensors(ByteView bytes, std::uint64_t file_bytes) {
  const auto length = header_length(bytes, file_bytes);
  if (!length || *length > bytes.size() - kLengthBytes)
    throw Error{Fault::data,
                "SafeTensors byte 0: expected a header length of at most 100000000 bytes that"
                " fits the file of " +
                    std::to_string(file_bytes) + " bytes"};
  const std::string_view json = as_text(bytes.subspan(kLengthBytes, *length));
  if (!json.starts_with('{'))
    throw Error{Fault::data, "SafeTensors byte 8: expected '{', where the JSON begins"};
  SafetensorsSax sax;
  static_cast<void>(Json::sax_parse(json, &sax));

  SafetensorsHeader header;
  header.metadata = std::move(sax.metadata);
  header.data_offset = kLengthBytes + *length;
  header.data_bytes = file_bytes - header.data_offset;
  header.tensors.reserve(sax.entries.size());
  for (SafetensorsEntry& entry : sax.entries)
    header.tensors.push_back(convert(std::move(entry)));
  refuse_duplicates(
      header.tensors, [](const auto& t) { return std::string_view{t.name}; }, "tensor");
  refuse_duplicates(
      header.metadata, [](const auto& m) { return std::string_view{m.first}; }, "metadata key");
  // An empty tensor shares its offset with the one that follows it.
  std::stable_sort(
      header.tensors.begin(), header.tensors.end(), [](const auto& a, const auto& b) {
        return std::pair{a.offset, a.bytes != 0} < std::pair{b.offset, b.bytes != 0};
      });
  check_coverage(header);
  return header;
}

bool is_safetensors_dtype(tensor::DType dtype) noexcept {
  return std::any_of(kDtypeNames.begin(), kDtypeNames.end(),
                     [&](const DtypeName& known) { return known.dtype == dtype; });
}

void sort_for_safetensors(std::vector<SafetensorsTensor>& tensors) {
  const auto width = [](const SafetensorsTensor& tensor) {
    return tensor::dtype_info(tensor.dtype).block_bytes;
  };
  std::stable_sort(tensors.begin(), tensors.end(), [&](const auto& a, const auto& b) {
    return width(a) != width(b) ? width(a) > width(b) : a.name < b.name;
  });
}

std::string_view safetensors_dtype_name(tensor::DType dtype) {
  for (const DtypeName& known : kDtypeNames)
    if (known.dtype == dtype) return known.name;
  throw Error{Fault::data,
              "SafeTensors has no type for " + std::string{tensor::dtype_info(dtype).name}};
}

ByteBuffer write_safetensors_header(
    std::span<const SafetensorsTensor> tensors,
    std::span<const std::pair<std::string, std::string>> metadata) {
  // Text is built here rather than as a JSON object, which would merge names given twice.
  std::string json = "{";
  const auto begin_member = [&](const std::string& name) {
    if (!json.ends_with('{')) json += ',';
    json += quoted(name) + ':';
  };
  if (!metadata.empty()) {
    begin_member("__metadata__");
    json += '{';
    for (const auto& [key, value] : metadata) {
      begin_member(key);
      json += quoted(value);
    }
    json += '}';
  }
  std::uint64_t offset = 0;
  for (const SafetensorsTensor& tensor : tensors) {
    const std::uint64_t end = checked_add(
        offset, tensor::tensor_bytes(tensor.dtype, tensor.shape), "SafeTensors file");
    const std::vector<std::uint64_t> shape{tensor.shape.rbegin(), tensor.shape.rend()};
    begin_member(tensor.name);
    json += dump_json(Json{{"dtype", safetensors_dtype_name(tensor.dtype)},
                           {"shape", shape},
                           {"data_offsets", {offset, end}}});
    offset = end;
  }
  json += '}';
  while (json.size() % kHeaderAlignment != 0) json += ' ';
  ByteBuffer out;
  append_le<std::uint64_t>(out, json.size());
  append(out, as_bytes(json));
  static_cast<void>(
      parse_safetensors(out, checked_add(out.size(), offset, "SafeTensors file")));
  return out;
}

std::vector<PayloadPart> safetensors_payload(std::span<const SafetensorsTensor> tensors) {
  std::vector<PayloadPart> parts;
  parts.reserve(tensors.size());
  for (const SafetensorsTensor& tensor : tensors)
    parts.push_back({tensor.name, tensor::tensor_bytes(tensor.dtype, tensor.shape), 0});
  return parts;
}

}  // namespace hart::formats
