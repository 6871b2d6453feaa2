#include "atom/convert_model_source.h"

#include <algorithm>
#include <map>

#include "atom/export.h"
#include "atom/student_dtype.h"
#include "core/endian.h"
#include "core/error.h"
#include "core/json.h"
#include "formats/gguf_writer.h"
#include "formats/safetensors.h"
#include "formats/shard_index.h"

namespace hart::atom {
namespace {

using formats::GgufEntry;
using formats::GgufHeader;
using formats::GgufType;

/// Version of the block layouts, `general.quantization_version`; source: GGML_QNT_VERSION.
constexpr std::int64_t kQuantizationVersion = 2;

store::Atom atom_of(store::Store& store, const CatalogFile& file) {
  const auto atom = store::AtomLookup{store}.find(file.id);
  if (!atom) throw Error{Fault::no_input, file.path + ": no longer held"};
  return *atom;
}

std::string read_text(store::Store& store, const CatalogFile& file) {
  std::string text;
  read_content(store, atom_of(store, file), [&](ByteView part) { text += as_text(part); });
  return text;
}

const CatalogFile* find_file(const CatalogModel& model, std::string_view path) {
  const auto found = std::find_if(model.files.begin(), model.files.end(),
                                  [&](const CatalogFile& file) { return file.path == path; });
  return found == model.files.end() ? nullptr : &*found;
}

/// The first file at the top of the folder whose name ends so.
const CatalogFile* first_file(const CatalogModel& model, std::string_view ending) {
  const auto found =
      std::find_if(model.files.begin(), model.files.end(), [&](const CatalogFile& file) {
        return file.path.ends_with(ending) && file.path.find('/') == std::string::npos;
      });
  return found == model.files.end() ? nullptr : &*found;
}

/// The file whose metadata are the model's: the first shard, as read_model_folder orders them.
const CatalogFile& first_weights(store::Store& store, const CatalogModel& model) {
  const CatalogFile* first = nullptr;
  if (model.format == "gguf") {
    first = first_file(model, ".gguf");
  } else {
    first = find_file(model, "model.safetensors");
    const CatalogFile* index = find_file(model, "model.safetensors.index.json");
    if (index == nullptr) index = first_file(model, ".safetensors.index.json");
    if (first == nullptr && index != nullptr) {
      const formats::ShardIndex shards =
          formats::parse_shard_index(read_text(store, *index), index->path);
      if (const auto files = shards.files(); !files.empty())
        first = find_file(model, files.front());
    }
    if (first == nullptr) first = first_file(model, ".safetensors");
  }
  if (first == nullptr)
    throw Error{Fault::data, model.object.name + ": no file of the folder holds its weights"};
  return *first;
}

/// The header of the model's file, or of the first of its weights.
struct FirstHeader {
  ByteBuffer bytes;
  std::uint64_t file_bytes = 0;
};

FirstHeader read_first_header(store::Store& store, const CatalogModel& model) {
  if (model.files.empty()) return {model.header, model.object.bytes};
  const store::Atom weights = atom_of(store, first_weights(store, model));
  return {read_model_header(store, weights), weights.bytes};
}

void read_gguf(ConversionSource& source, ByteBuffer bytes, std::uint64_t file_bytes) {
  GgufMetadata metadata;
  metadata.bytes = std::move(bytes);
  metadata.header = formats::parse_gguf(metadata.bytes, file_bytes);
  source.byte_order = metadata.header.byte_order;
  if (!source.model->files.empty())
    std::erase_if(metadata.header.metadata,
                  [](const GgufEntry& entry) { return entry.key.starts_with("split."); });
  source.gguf = std::move(metadata);
}

/// Puts the tensors into the order that `text` says, where it names exactly them.
void reorder(std::vector<const CatalogTensor*>& tensors, const std::string& text) {
  Json names;
  try {
    names = parse_json(text, std::string{kTensorOrderKey});
  } catch (const Error&) {
    return;
  }
  if (!names.is_array() || names.size() != tensors.size()) return;
  std::map<std::string_view, const CatalogTensor*> by_name;
  for (const CatalogTensor* tensor : tensors) by_name.emplace(tensor->name, tensor);
  std::vector<const CatalogTensor*> ordered;
  for (const Json& name : names) {
    if (!name.is_string()) return;
    const auto found = by_name.find(name.get_ref<const std::string&>());
    if (found == by_name.end()) return;
    ordered.push_back(found->second);
    by_name.erase(found);
  }
  tensors = std::move(ordered);
}

formats::SafetensorsMetadata::iterator find_key(formats::SafetensorsMetadata& metadata,
                                                std::string_view key) {
  return std::find_if(metadata.begin(), metadata.end(),
                      [&](const auto& entry) { return entry.first == key; });
}

void read_safetensors(ConversionSource& source, ByteView bytes, std::uint64_t file_bytes) {
  formats::SafetensorsHeader header = formats::parse_safetensors(bytes, file_bytes);
  source.safetensors = std::move(header.metadata);
  formats::SafetensorsMetadata& metadata = source.safetensors;
  const auto order = find_key(metadata, kTensorOrderKey);
  const bool had_order = order != metadata.end();
  if (had_order) {
    reorder(source.tensors, order->second);
    metadata.erase(order);
  }
  if (!had_order && find_key(metadata, "general.architecture") == metadata.end()) return;
  formats::GgufWriter writer;
  formats::add_gguf_metadata(writer, metadata);
  source.gguf = parse_metadata(writer);
}

void read_folder_facts(store::Store& store, ConversionSource& source) {
  const CatalogModel& model = *source.model;
  source.has_tokenizer = find_file(model, "tokenizer.json") != nullptr ||
                         find_file(model, "tokenizer.model") != nullptr;
  const CatalogFile* config = find_file(model, "config.json");
  if (config == nullptr || model.format != "safetensors") return;
  source.config = formats::parse_hf_config(read_text(store, *config), "config.json");
}

GgufEntry* find_entry(GgufHeader& header, std::string_view key) {
  const auto found = std::find_if(header.metadata.begin(), header.metadata.end(),
                                  [&](const GgufEntry& entry) { return entry.key == key; });
  return found == header.metadata.end() ? nullptr : &*found;
}

void set_u32(GgufHeader& header, std::string_view key, std::int64_t value, bool adds) {
  GgufEntry* entry = find_entry(header, key);
  if (entry != nullptr)
    *entry = {key, GgufType::u32, value};
  else if (adds)
    header.metadata.push_back({key, GgufType::u32, value});
}

}  // namespace

GgufMetadata parse_metadata(const formats::GgufWriter& writer) {
  GgufMetadata metadata;
  metadata.bytes = writer.header();
  metadata.header = formats::parse_gguf(metadata.bytes, metadata.bytes.size());
  return metadata;
}

void set_file_type(GgufHeader& header, tensor::DType dtype, bool adds) {
  const int type = gguf_file_type(dtype);
  if (type >= 0) {
    set_u32(header, "general.file_type", type, adds);
  } else {
    std::erase_if(header.metadata,
                  [](const GgufEntry& entry) { return entry.key == "general.file_type"; });
  }
  if (tensor::dtype_info(dtype).block_elements > 1)
    set_u32(header, "general.quantization_version", kQuantizationVersion, adds);
}

formats::ByteOrder byte_order_of(store::Store& store, const CatalogModel& model) {
  if (model.format != "gguf") return formats::ByteOrder::little;
  const FirstHeader first = read_first_header(store, model);
  return formats::parse_gguf(first.bytes, first.file_bytes).byte_order;
}

ConversionSource read_conversion_source(store::Store& store, const CatalogModel& model) {
  const store::Snapshot snapshot{store.db()};
  ConversionSource source;
  source.model = &model;
  for (const CatalogTensor& tensor : model.tensors) source.tensors.push_back(&tensor);
  if (!model.files.empty()) read_folder_facts(store, source);
  FirstHeader first = read_first_header(store, model);
  if (model.format == "gguf") {
    read_gguf(source, std::move(first.bytes), first.file_bytes);
  } else if (model.format == "safetensors") {
    read_safetensors(source, first.bytes, first.file_bytes);
  } else {
    throw Error{Fault::data, model.object.name + ": " + model.format + " is not converted"};
  }
  return source;
}

}  // namespace hart::atom
