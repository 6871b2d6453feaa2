#include "atom/model_view.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "core/endian.h"
#include "core/error.h"
#include "formats/gguf.h"
#include "formats/gguf_writer.h"
#include "formats/safetensors.h"

namespace hart::atom {
namespace {

using formats::GgufType;

/// The value of one entry, as GGUF version 3 writes it.
void append_scalar(ByteBuffer& out, GgufType type, std::int64_t integer, double real,
                   std::string_view text) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      append_le(out, static_cast<std::uint8_t>(integer));
      break;
    case GgufType::u16:
    case GgufType::i16:
      append_le(out, static_cast<std::uint16_t>(integer));
      break;
    case GgufType::u32:
    case GgufType::i32:
      append_le(out, static_cast<std::uint32_t>(integer));
      break;
    case GgufType::u64:
    case GgufType::i64:
      append_le(out, static_cast<std::uint64_t>(integer));
      break;
    case GgufType::f32:
      append_le(out, static_cast<float>(real));
      break;
    case GgufType::f64:
      append_le(out, real);
      break;
    case GgufType::string:
      append_le(out, static_cast<std::uint64_t>(text.size()));
      append(out, as_bytes(text));
      break;
    case GgufType::array:
      break;
  }
}

void append_array(ByteBuffer& out, const formats::GgufArray& array) {
  append_le(out, static_cast<std::uint32_t>(array.element));
  append_le(out, static_cast<std::uint64_t>(array.size()));
  for (const formats::GgufArray& inner : array.arrays) append_array(out, inner);
  for (const std::int64_t value : array.integers)
    append_scalar(out, array.element, value, 0, {});
  for (const double value : array.floats) append_scalar(out, array.element, 0, value, {});
  for (const std::string_view value : array.strings)
    append_scalar(out, array.element, 0, 0, value);
}

ByteBuffer encode_value(const formats::GgufEntry& entry) {
  ByteBuffer out;
  if (const auto* array = std::get_if<formats::GgufArray>(&entry.value)) {
    append_array(out, *array);
  } else if (const auto* integer = std::get_if<std::int64_t>(&entry.value)) {
    append_scalar(out, entry.type, *integer, 0, {});
  } else if (const auto* real = std::get_if<double>(&entry.value)) {
    append_scalar(out, entry.type, 0, *real, {});
  } else if (const auto* boolean = std::get_if<bool>(&entry.value)) {
    append_scalar(out, entry.type, *boolean ? 1 : 0, 0, {});
  } else {
    append_scalar(out, entry.type, 0, 0, std::get<std::string_view>(entry.value));
  }
  return out;
}

void append_entry(ByteBuffer& out, std::string_view key, GgufType type, ByteView value) {
  append_le(out, static_cast<std::uint32_t>(key.size()));
  append(out, as_bytes(key));
  append_le(out, static_cast<std::uint32_t>(type));
  append(out, value);
}

ModelView view_gguf(ByteView head, std::uint64_t file_bytes) {
  const formats::GgufHeader header = formats::parse_gguf(head, file_bytes);
  ModelView view;
  view.format = "gguf";
  view.architecture = header.get_string("general.architecture", "unknown");
  view.byte_order = header.byte_order;
  view.files = {{{}, file_bytes, header.header_bytes}};
  for (const formats::GgufTensor& tensor : header.tensors)
    view.tensors.push_back({std::string{tensor.name}, tensor.dtype, tensor.shape,
                            header.data_offset + tensor.offset, tensor.bytes});
  std::vector<const formats::GgufEntry*> sorted;
  for (const formats::GgufEntry& entry : header.metadata) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->key < b->key; });
  for (const formats::GgufEntry* entry : sorted)
    append_entry(view.canonical_metadata, entry->key, entry->type, encode_value(*entry));
  return view;
}

ModelView view_safetensors(ByteView head, std::uint64_t file_bytes) {
  const formats::SafetensorsHeader header = formats::parse_safetensors(head, file_bytes);
  ModelView view;
  view.format = "safetensors";
  view.architecture = "unknown";
  view.files = {{{}, file_bytes, header.data_offset}};
  for (const formats::SafetensorsTensor& tensor : header.tensors)
    view.tensors.push_back({tensor.name, tensor.dtype, tensor.shape,
                            header.data_offset + tensor.offset, tensor.bytes});
  const std::map<std::string, std::string> sorted{header.metadata.begin(),
                                                  header.metadata.end()};
  for (const auto& [key, value] : sorted) {
    if (key == "format") view.architecture = value;
    ByteBuffer encoded;
    append_scalar(encoded, GgufType::string, 0, 0, value);
    append_entry(view.canonical_metadata, key, GgufType::string, encoded);
  }
  return view;
}

}  // namespace

std::uint64_t ModelView::parameters() const noexcept {
  std::uint64_t total = 0;
  for (const ModelTensor& tensor : tensors) {
    std::uint64_t elements = 1;
    for (const std::uint64_t dimension : tensor.shape) elements *= dimension;
    total += elements;
  }
  return total;
}

ModelView view_model(formats::FileFormat format, ByteView head, std::uint64_t file_bytes) {
  switch (format) {
    case formats::FileFormat::gguf:
      return view_gguf(head, file_bytes);
    case formats::FileFormat::safetensors:
      return view_safetensors(head, file_bytes);
    default:
      throw Error{Fault::data, "neither a GGUF nor a SafeTensors file"};
  }
}

bool is_model_folder(const std::string& root) {
  namespace fs = std::filesystem;
  const auto format = formats::recognise_model_folder(root);
  if (!format) return false;
  std::error_code error;
  if (fs::exists(fs::path{root} / "config.json", error)) return true;
  std::size_t parts = 0;
  for (fs::directory_iterator entry{root, error}, end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(".safetensors.index.json")) return true;
    if (name.ends_with(".gguf")) ++parts;
  }
  return parts > 1;
}

ModelView view_folder(const formats::ModelFolder& folder, std::span<const ByteView> files) {
  ModelView view;
  view.folder = true;
  view.byte_order = folder.byte_order;
  view.format = folder.format == formats::WeightFormat::gguf ? "gguf" : "safetensors";
  for (const formats::FolderFile& file : folder.files)
    view.files.push_back({file.path, file.bytes, file.bytes});
  for (const std::size_t index : folder.weight_files) {
    const auto format = folder.format == formats::WeightFormat::gguf
                            ? formats::FileFormat::gguf
                            : formats::FileFormat::safetensors;
    ModelView part = view_model(format, files[index], files[index].size());
    view.files[index].header_bytes = part.files.front().header_bytes;
    if (index == folder.weight_files.front()) {
      view.architecture = part.architecture;
      view.canonical_metadata = std::move(part.canonical_metadata);
    }
    for (ModelTensor& tensor : part.tensors) {
      tensor.file = index;
      view.tensors.push_back(std::move(tensor));
    }
  }
  if (folder.format == formats::WeightFormat::safetensors && !folder.model_type.empty())
    view.architecture = folder.model_type;
  return view;
}

std::string_view layer_of(std::string_view tensor_name) noexcept {
  std::size_t begin = 0;
  while (begin < tensor_name.size()) {
    std::size_t end = tensor_name.find('.', begin);
    if (end == std::string_view::npos) return {};
    const std::string_view component = tensor_name.substr(begin, end - begin);
    const bool numeric =
        !component.empty() && std::all_of(component.begin(), component.end(),
                                          [](unsigned char c) { return std::isdigit(c) != 0; });
    if (numeric && begin > 0) return tensor_name.substr(0, end);
    begin = end + 1;
  }
  return {};
}

}  // namespace hart::atom
