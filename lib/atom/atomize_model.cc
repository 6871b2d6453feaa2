#include <algorithm>
#include <map>

#include "atom/atomizer.h"
#include "atom/base_tensor.h"
#include "atom/model_digest.h"
#include "atom/model_view.h"
#include "atom/steady_file.h"
#include "atom/tensor_payload.h"
#include "atom/tensor_signature.h"
#include "core/error.h"

namespace hart::atom {
namespace {

using store::Modality;

constexpr const char* kModelAtomizer = "model/1";

std::string shape_json(std::span<const std::uint64_t> shape) {
  return dump_json(Json(std::vector<std::uint64_t>(shape.begin(), shape.end())));
}

double dimension(const ModelTensor& tensor, std::size_t index) {
  return index < tensor.shape.size() ? static_cast<double>(tensor.shape[index]) : 1;
}

std::uint64_t element_count(const ModelTensor& tensor) {
  std::uint64_t elements = 1;
  for (const std::uint64_t size : tensor.shape) elements *= size;
  return elements;
}

/// A layer, or a tensor that stands in none: one component of the model.
struct ModelPart {
  std::string name;
  std::vector<std::size_t> tensors;  ///< indexes
  bool layer = false;
};

/// Parts in the order of their first tensor.
std::vector<ModelPart> group_layers(const ModelView& view) {
  std::vector<ModelPart> parts;
  std::map<std::string, std::size_t, std::less<>> by_layer;
  for (std::size_t i = 0; i < view.tensors.size(); ++i) {
    const std::string_view layer = layer_of(view.tensors[i].name);
    if (layer.empty()) {
      parts.push_back({view.tensors[i].name, {i}, false});
      continue;
    }
    const auto [found, fresh] = by_layer.try_emplace(std::string{layer}, parts.size());
    if (fresh) parts.push_back({std::string{layer}, {}, true});
    parts[found->second].tensors.push_back(i);
  }
  return parts;
}

class ModelAtomizer {
 public:
  ModelAtomizer(store::Store& store, store::CatalogWriter& writer,
                std::span<const Source> sources, const ModelView& view,
                const ModelDigests& digests, const AtomizeOptions& options)
      : store_{store},
        writer_{writer},
        sources_{sources},
        view_{view},
        digests_{digests},
        options_{options},
        level_{compression_level(options.compression)},
        atoms_{writer} {}

  void put_tensors();
  std::int64_t put_file(std::size_t file);
  void put_file_payload(std::size_t file, std::int64_t file_id);
  std::int64_t put_folder(Id& id);
  std::int64_t put_model(Id& id);

 private:
  struct StoredTensor {
    std::int64_t atom_id = 0;
    Id id;
    bool created = false;
    TensorPayloadWriter::Parts parts;
    std::optional<TensorSample> sample;
  };

  [[nodiscard]] geometry::PointZM place(std::size_t tensor,
                                        std::uint64_t elements_before) const;
  [[nodiscard]] ByteView bytes_of(const ModelTensor& tensor) const {
    return sources_[tensor.file].bytes().subspan(tensor.offset, tensor.bytes);
  }
  /// A few places of a tensor were looked at; the pages around them need not stay.
  void let_go(const ModelTensor& tensor) const {
    sources_[tensor.file].drop(tensor.offset, tensor.bytes);
  }
  void put_tensor_atoms();
  void put_payloads();
  std::int64_t put_parts(std::int64_t atom_id, std::int64_t position,
                         const TensorPayloadWriter::Parts& parts);
  std::int64_t put_layer(std::int64_t model_id, const ModelPart& part, std::int64_t index);

  store::Store& store_;
  store::CatalogWriter& writer_;
  std::span<const Source> sources_;
  const ModelView& view_;
  const ModelDigests& digests_;
  const AtomizeOptions& options_;
  int level_;
  ObjectAtoms atoms_;
  std::vector<StoredTensor> tensors_;
};

void ModelAtomizer::put_tensor_atoms() {
  for (std::size_t i = 0; i < view_.tensors.size(); ++i) {
    const ModelTensor& tensor = view_.tensors[i];
    const Descriptor descriptor =
        describe_tensor(tensor.dtype, tensor.shape, tensor.bytes, digests_.tensors[i].blocks);
    StoredTensor stored;
    stored.id = structure_id(descriptor);
    stored.atom_id = atoms_.put_structure(descriptor, tensor.bytes, stored.created);
    tensors_.push_back(std::move(stored));
  }
}

/// A tensor that stands twice in the file is new once: its second place finds it.
void ModelAtomizer::put_payloads() {
  TensorPayloadWriter payload{store_, writer_, sources_, options_};
  SignatureIndex signatures{store_, writer_};
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const ModelTensor& tensor = view_.tensors[i];
    StoredTensor& stored = tensors_[i];
    if (tensor.bytes == 0 || !stored.created) continue;
    // Numbers of the other byte order mean nothing to a codec that looks at exponents.
    if (view_.byte_order == formats::ByteOrder::little)
      stored.sample = sample_tensor(tensor, bytes_of(tensor));
    let_go(tensor);
    std::optional<BaseTensor> base;
    if (stored.sample && options_.compression != Compression::none)
      base = signatures.nearest(tensor, *stored.sample);
    payload.store(tensor, digests_.tensors[i], base, stored.parts);
  }
  payload.finish();
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    StoredTensor& stored = tensors_[i];
    if (!stored.created) continue;
    put_parts(stored.atom_id, 0, stored.parts);
    if (!stored.sample) continue;
    const bool stands_alone = std::none_of(
        stored.parts.begin(), stored.parts.end(),
        [](const auto& part) { return part.extent && part.extent->base_extent_id != 0; });
    signatures.put(stored.atom_id, view_.tensors[i], *stored.sample, stands_alone);
  }
}

std::int64_t ModelAtomizer::put_parts(std::int64_t atom_id, std::int64_t position,
                                      const TensorPayloadWriter::Parts& parts) {
  for (const auto& part : parts)
    writer_.put_payload(atom_id, position++, part.extent, part.bytes, part.extent_offset);
  return position;
}

void ModelAtomizer::put_tensors() {
  put_tensor_atoms();
  put_payloads();
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    StoredTensor& stored = tensors_[i];
    if (!stored.created && view_.tensors[i].bytes > 0) {
      stored.parts = writer_.payload_of(stored.atom_id);
      // Counts what the tenant did not reach until now.
      put_parts(stored.atom_id, 0, stored.parts);
    }
    atoms_.hold(stored.atom_id, Modality::tensor,
                tensor::dtype_info(view_.tensors[i].dtype).name);
  }
}

std::int64_t ModelAtomizer::put_file(std::size_t file) {
  const std::int64_t file_id =
      atoms_.put_file({IdSpace::content, digests_.files[file]}, sources_[file].bytes());
  if (!writer_.count_payload(file_id)) put_file_payload(file, file_id);
  atoms_.hold(file_id, Modality::model, "file");
  return file_id;
}

void ModelAtomizer::put_file_payload(std::size_t file, std::int64_t file_id) {
  const Source& source = sources_[file];
  const std::uint64_t header = view_.files[file].header_bytes;
  put_pieces(writer_, source, file_id, 0, 0, header, level_);
  std::vector<std::size_t> by_offset;
  for (std::size_t i = 0; i < view_.tensors.size(); ++i)
    if (view_.tensors[i].file == file && view_.tensors[i].bytes > 0) by_offset.push_back(i);
  std::stable_sort(by_offset.begin(), by_offset.end(), [&](std::size_t a, std::size_t b) {
    return view_.tensors[a].offset < view_.tensors[b].offset;
  });
  std::int64_t position = kFirstTensorPosition;
  std::uint64_t at = header;
  for (const std::size_t index : by_offset) {
    const ModelTensor& tensor = view_.tensors[index];
    position = put_pieces(writer_, source, file_id, position, at, tensor.offset - at, level_);
    position = put_parts(file_id, position, tensors_[index].parts);
    at = tensor.offset + tensor.bytes;
  }
  put_pieces(writer_, source, file_id, position, at, source.size() - at, level_);
}

std::int64_t ModelAtomizer::put_folder(Id& id) {
  FolderBuilder builder;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < view_.files.size(); ++i) {
    builder.add(view_.files[i].path, digests_.files[i]);
    bytes += view_.files[i].bytes;
  }
  const Descriptor descriptor = builder.describe();
  id = structure_id(descriptor);
  bool created = false;
  const std::int64_t folder_id = atoms_.put_structure(descriptor, bytes, created);
  double before = 0;
  for (std::size_t i = 0; i < view_.files.size(); ++i) {
    const std::int64_t file_id = put_file(i);
    if (created)
      writer_.put_component(folder_id, static_cast<std::int64_t>(i), file_id,
                            view_.files[i].path, {static_cast<double>(i), 0, 0, before});
    before += static_cast<double>(view_.files[i].bytes);
  }
  atoms_.hold(folder_id, Modality::model, "folder");
  return folder_id;
}

geometry::PointZM ModelAtomizer::place(std::size_t tensor,
                                       std::uint64_t elements_before) const {
  const ModelTensor& shape = view_.tensors[tensor];
  return {dimension(shape, 0), dimension(shape, 1), dimension(shape, 2),
          static_cast<double>(elements_before)};
}

std::int64_t ModelAtomizer::put_layer(std::int64_t model_id, const ModelPart& part,
                                      std::int64_t index) {
  NamedTensorsBuilder builder;
  std::uint64_t bytes = 0;
  std::uint64_t elements = 0;
  const auto local_name = [&](std::size_t tensor) {
    return std::string_view{view_.tensors[tensor].name}.substr(part.name.size() + 1);
  };
  for (const std::size_t tensor : part.tensors) {
    builder.add(local_name(tensor), tensors_[tensor].id);
    bytes += view_.tensors[tensor].bytes;
  }
  bool created = false;
  const std::int64_t layer_id = atoms_.put_structure(builder.describe(), bytes, created);
  std::int64_t position = 0;
  for (const std::size_t tensor : part.tensors) {
    if (created)
      writer_.put_component(layer_id, position++, tensors_[tensor].atom_id, local_name(tensor),
                            place(tensor, elements));
    elements += element_count(view_.tensors[tensor]);
  }
  atoms_.hold(layer_id, Modality::model, "layer");
  writer_.put_layer(model_id, index, layer_id, part.name, elements);
  return layer_id;
}

std::int64_t ModelAtomizer::put_model(Id& id) {
  NamedTensorsBuilder builder{view_.canonical_metadata};
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < view_.tensors.size(); ++i) {
    builder.add(view_.tensors[i].name, tensors_[i].id);
    bytes += view_.tensors[i].bytes;
  }
  const Descriptor descriptor = builder.describe();
  id = structure_id(descriptor);
  bool created = false;
  const std::int64_t model_id = atoms_.put_structure(descriptor, bytes, created);
  writer_.put_model({model_id, view_.architecture, view_.format, view_.parameters()});
  std::uint64_t elements = 0;
  std::int64_t position = 0;
  std::int64_t layer_index = 0;
  for (const ModelPart& part : group_layers(view_)) {
    const std::size_t first = part.tensors.front();
    const std::int64_t component =
        part.layer ? put_layer(model_id, part, layer_index++) : tensors_[first].atom_id;
    if (created)
      writer_.put_component(model_id, position++, component, part.name, place(first, elements));
    for (const std::size_t tensor : part.tensors)
      elements += element_count(view_.tensors[tensor]);
  }
  if (created)
    for (std::size_t i = 0; i < view_.tensors.size(); ++i) {
      const ModelTensor& tensor = view_.tensors[i];
      ByteBuffer signature;
      if (view_.byte_order == formats::ByteOrder::little)
        signature = tensor_signature(tensor, bytes_of(tensor));
      let_go(tensor);
      writer_.put_tensor({model_id, static_cast<std::int64_t>(i), tensors_[i].atom_id,
                          tensor.name, static_cast<std::uint32_t>(tensor.dtype),
                          shape_json(tensor.shape), std::move(signature)});
    }
  atoms_.hold(model_id, Modality::model, view_.format);
  return model_id;
}

Atomized atomize_model(store::Store& store, store::CatalogWriter& writer,
                       std::span<const Source> sources, const ModelView& view,
                       const AtomizeOptions& options) {
  const ModelDigests digests = digest_model(sources, view, options);
  Atomized result;
  result.name = options.name;
  result.kind = "model";
  result.modality = Modality::model;
  result.subtype = view.format;
  for (const ModelFile& file : view.files) result.bytes += file.bytes;
  if (view.folder) {
    FolderBuilder folder;
    for (std::size_t i = 0; i < view.files.size(); ++i)
      folder.add(view.files[i].path, digests.files[i]);
    result.atom = structure_id(folder.describe());
  } else {
    result.atom = {IdSpace::content, digests.files.front()};
  }

  store::CatalogWriter::NewObject object = new_object(result, options, kModelAtomizer);
  if (auto unchanged = find_unchanged(store, writer, object, result)) return *unchanged;

  ModelAtomizer atomizer{store, writer, sources, view, digests, options};
  atomizer.put_tensors();
  object.atom_id = view.folder ? atomizer.put_folder(result.atom) : atomizer.put_file(0);
  Id model;
  object.structure_id = atomizer.put_model(model);
  result.structure = model;
  result.version = writer.put_object(object);
  result.totals = writer.take_totals();
  return result;
}

}  // namespace

Atomized atomize_model_file(store::Store& store, store::CatalogWriter& writer,
                            const Source& source, formats::FileFormat format,
                            const AtomizeOptions& options) {
  const ModelView view = view_model(format, source.bytes(), source.size());
  return atomize_model(store, writer, {&source, 1}, view, options);
}

Atomized atomize_folder(store::Store& store, store::CatalogWriter& writer,
                        const std::string& root, const AtomizeOptions& options) {
  if (options.modality && *options.modality != Modality::model)
    throw Error{Fault::data,
                "is a model, not a " + std::string{store::modality_name(*options.modality)}};
  const formats::ModelFolder folder = formats::read_model_folder(root);
  std::vector<SteadyFile> steady;
  steady.reserve(folder.files.size());
  std::vector<MappedFile> files;
  files.reserve(folder.files.size());
  std::vector<Source> sources;
  std::vector<ByteView> bytes;
  for (const formats::FolderFile& file : folder.files) {
    steady.emplace_back(root + "/" + file.path);
    files.emplace_back(root + "/" + file.path, MappedFile::Access::sequential);
    bytes.push_back(files.back().bytes());
    sources.emplace_back(files.back().bytes(), &files.back(), root + "/" + file.path);
    if (files.back().bytes().size() != file.bytes)
      throw Error{Fault::data, root + "/" + file.path + ": changed while it was read"};
  }
  Atomized added = atomize_model(store, writer, sources, view_folder(folder, bytes), options);
  for (const SteadyFile& file : steady) file.require_steady();
  return added;
}

}  // namespace hart::atom
