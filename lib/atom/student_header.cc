#include "atom/student_header.h"

#include <algorithm>
#include <map>

#include "atom/student_dtype.h"
#include "core/error.h"
#include "formats/gguf_writer.h"
#include "formats/safetensors.h"

namespace hart::atom {
namespace {

using formats::GgufArray;
using formats::GgufEntry;
using formats::GgufHeader;
using formats::GgufWriter;

/// Version of the block layouts, `general.quantization_version`; source: GGML_QNT_VERSION.
constexpr std::uint32_t kQuantizationVersion = 2;

template <typename Value>
void keep(std::vector<Value>& values, const std::vector<std::uint64_t>& layers) {
  if (values.empty()) return;
  std::vector<Value> kept;
  kept.reserve(layers.size());
  for (const std::uint64_t layer : layers) kept.push_back(values[layer]);
  values = std::move(kept);
}

/// Copies the source's metadata, changed where the student differs.
class MetadataCopier {
 public:
  MetadataCopier(const CatalogModel& source, const StudentSpec& spec, const GgufHeader& header,
                 GgufWriter& writer)
      : source_{source},
        spec_{spec},
        header_{header},
        writer_{writer},
        architecture_{header.get_string("general.architecture", "")},
        block_count_{header.get_uint(architecture_ + ".block_count", 0)} {}

  void copy() {
    for (const GgufEntry& entry : header_.metadata)
      if (!is_replaced(entry.key)) copy_entry(entry);
    add_origin();
    if (spec_.quantize) add_quantization();
  }

 private:
  [[nodiscard]] bool is_replaced(std::string_view key) const;
  void copy_entry(const GgufEntry& entry);
  [[nodiscard]] bool is_by_layer(const GgufEntry& entry) const;
  void add_origin();
  void add_quantization();

  const CatalogModel& source_;
  const StudentSpec& spec_;
  const GgufHeader& header_;
  GgufWriter& writer_;
  std::string architecture_;
  std::uint64_t block_count_;
};

bool MetadataCopier::is_replaced(std::string_view key) const {
  if (key == "general.name" || key == "hart.source" || key == "hart.source_layers" ||
      key.starts_with("general.base_model."))
    return true;
  return spec_.quantize &&
         (key == "general.file_type" || key == "general.quantization_version");
}

/// The metadata do not mark lists by layer: they are the architecture's own numbers, as many as
/// there are blocks. Sections of the rotation have a fixed number, which may happen to be that.
bool MetadataCopier::is_by_layer(const GgufEntry& entry) const {
  const auto* array = std::get_if<GgufArray>(&entry.value);
  return array != nullptr && entry.key.starts_with(architecture_ + ".") &&
         array->strings.empty() && array->arrays.empty() && array->size() == block_count_ &&
         !entry.key.ends_with("dimension_sections");
}

void MetadataCopier::copy_entry(const GgufEntry& entry) {
  if (!spec_.layers) return writer_.add(entry.key, entry.type, entry.value);
  const std::vector<std::uint64_t>& layers = *spec_.layers;
  if (entry.key == architecture_ + ".block_count")
    return writer_.add(entry.key, entry.type, static_cast<std::int64_t>(layers.size()));
  if (entry.key == architecture_ + ".leading_dense_block_count") {
    const auto* count = std::get_if<std::int64_t>(&entry.value);
    const auto kept = count == nullptr ? layers.begin()
                                       : std::lower_bound(layers.begin(), layers.end(),
                                                          static_cast<std::uint64_t>(*count));
    return writer_.add(entry.key, entry.type, static_cast<std::int64_t>(kept - layers.begin()));
  }
  if (!is_by_layer(entry)) return writer_.add(entry.key, entry.type, entry.value);
  GgufArray array = std::get<GgufArray>(entry.value);
  keep(array.integers, layers);
  keep(array.floats, layers);
  writer_.add(entry.key, entry.type, array);
}

void MetadataCopier::add_origin() {
  writer_.add_string("general.name", spec_.name);
  writer_.add_u32("general.base_model.count", 1);
  writer_.add_string("general.base_model.0.name",
                     header_.get_string("general.name", source_.object.name));
  writer_.add_string("hart.source", source_.object.atom.text());
  if (!spec_.layers) return;
  std::vector<std::int32_t> layers;
  for (const std::uint64_t layer : *spec_.layers)
    layers.push_back(static_cast<std::int32_t>(layer));
  writer_.add_i32s("hart.source_layers", layers);
}

void MetadataCopier::add_quantization() {
  const int file_type = gguf_file_type(*spec_.quantize);
  if (file_type >= 0)
    writer_.add_u32("general.file_type", static_cast<std::uint32_t>(file_type));
  if (tensor::dtype_info(*spec_.quantize).block_elements > 1)
    writer_.add_u32("general.quantization_version", kQuantizationVersion);
}

void check_layers(const CatalogModel& source, const StudentSpec& spec,
                  const GgufHeader& header) {
  if (!spec.layers) return;
  const std::string key =
      std::string{header.get_string("general.architecture", "")} + ".block_count";
  if (main_stack(source) != "blk" || header.find(key) == nullptr)
    throw Error{Fault::data,
                source.object.name + ": its layers are not blocks that " + key + " counts"};
  if (spec.layers->back() >= header.get_uint(key, 0))
    throw Error{Fault::data, source.object.name + ": has more layers than " + key + " says"};
}

}  // namespace

void make_gguf_header(const CatalogModel& source, const StudentSpec& spec, StudentPlan& plan) {
  const GgufHeader header = formats::parse_gguf(source.header, source.object.bytes);
  formats::require_little_endian(header);
  check_layers(source, spec, header);
  GgufWriter writer;
  MetadataCopier{source, spec, header, writer}.copy();
  for (const StudentTensor& tensor : plan.tensors)
    writer.add_tensor(tensor.name, tensor.dtype, tensor.source->shape);
  plan.header = writer.header();
  plan.payload = writer.payload();
}

void make_safetensors_header(const CatalogModel& source, const StudentSpec& spec,
                             StudentPlan& plan) {
  const formats::SafetensorsHeader header =
      formats::parse_safetensors(source.header, source.object.bytes);
  if (spec.quantize && !formats::is_safetensors_dtype(*spec.quantize))
    throw Error{Fault::data, source.object.name + ": SafeTensors cannot hold " +
                                 std::string{tensor::dtype_info(*spec.quantize).name} +
                                 ": export the model as GGUF first"};
  std::vector<formats::SafetensorsTensor> described;
  std::map<std::string, StudentTensor> by_name;
  for (const StudentTensor& tensor : plan.tensors) {
    described.push_back({tensor.name, tensor.dtype, tensor.source->shape, 0, 0});
    by_name.emplace(tensor.name, tensor);
  }
  formats::sort_for_safetensors(described);
  plan.tensors.clear();
  for (const formats::SafetensorsTensor& tensor : described)
    plan.tensors.push_back(by_name.at(tensor.name));
  plan.header = formats::write_safetensors_header(described, header.metadata);
  plan.payload = formats::safetensors_payload(described);
}

}  // namespace hart::atom
