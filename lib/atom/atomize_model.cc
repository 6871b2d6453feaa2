#include <algorithm>
#include <exception>
#include <map>
#include <thread>

#include "atom/atomizer.h"
#include "atom/model_view.h"
#include "atom/tensor_signature.h"
#include "core/error.h"
#include "crypto/sha256.h"

namespace hart::atom {
namespace {

using store::Modality;

constexpr const char* kAtomizer = "model/1";

/// A tensor's two digests, taken in one pass over its bytes.
struct TensorDigest {
  Hash256 content{};
  crypto::MerkleBuilder blocks;
};

TensorDigest digest_tensor(const Source& source, const ModelTensor& tensor) {
  static_assert(kWindowBytes % crypto::kBlockBytes == 0);
  TensorDigest digest;
  crypto::Sha256 content;
  source.windows(tensor.offset, tensor.bytes, [&](ByteView window) {
    content.update(window);
    for (std::size_t at = 0; at < window.size(); at += crypto::kBlockBytes)
      digest.blocks.add_leaf_hash(crypto::leaf_hash(
          window.subspan(at, std::min(crypto::kBlockBytes, window.size() - at))));
  });
  digest.content = content.finish();
  return digest;
}

struct ModelDigests {
  Hash256 file{};
  std::vector<TensorDigest> tensors;
};

/// The file's digest on one thread while the tensors' are taken on this one.
ModelDigests digest_model(const Source& source, const ModelView& view,
                          const AtomizeOptions& options) {
  ModelDigests digests;
  std::exception_ptr failure;
  const auto digest_file = [&] {
    try {
      crypto::Sha256 hash;
      source.windows(0, source.size(), [&](ByteView window) { hash.update(window); });
      digests.file = hash.finish();
    } catch (...) {
      failure = std::current_exception();
    }
  };
  std::thread side;
  if (options.threads > 1) side = std::thread{digest_file};
  try {
    for (const ModelTensor& tensor : view.tensors) {
      digests.tensors.push_back(digest_tensor(source, tensor));
      if (options.progress) options.progress(tensor.bytes);
    }
  } catch (...) {
    if (side.joinable()) side.join();
    throw;
  }
  if (side.joinable()) {
    side.join();
  } else {
    digest_file();
  }
  if (failure) std::rethrow_exception(failure);
  return digests;
}

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
  ModelAtomizer(store::CatalogWriter& writer, const Source& source, const ModelView& view,
                const ModelDigests& digests, const AtomizeOptions& options)
      : writer_{writer},
        source_{source},
        view_{view},
        digests_{digests},
        level_{compression_level(options.compression)},
        atoms_{writer} {}

  void put_tensors();
  std::int64_t put_file();
  std::int64_t put_model(Id& id);

 private:
  struct StoredTensor {
    std::int64_t atom_id = 0;
    Id id;
    std::optional<store::ExtentRecord> extent;
  };

  [[nodiscard]] geometry::PointZM place(std::size_t tensor,
                                        std::uint64_t elements_before) const;
  std::int64_t put_layer(std::int64_t model_id, const ModelPart& part, std::int64_t index);

  store::CatalogWriter& writer_;
  const Source& source_;
  const ModelView& view_;
  const ModelDigests& digests_;
  int level_;
  ObjectAtoms atoms_;
  std::vector<StoredTensor> tensors_;
  std::int64_t header_extent_id_ = 0;
};

void ModelAtomizer::put_tensors() {
  for (std::size_t i = 0; i < view_.tensors.size(); ++i) {
    const ModelTensor& tensor = view_.tensors[i];
    const TensorDigest& digest = digests_.tensors[i];
    const Descriptor descriptor =
        describe_tensor(tensor.dtype, tensor.shape, tensor.bytes, digest.blocks);
    StoredTensor stored;
    stored.id = structure_id(descriptor);
    bool created = false;
    stored.atom_id = atoms_.put_structure(descriptor, tensor.bytes, created);
    if (tensor.bytes > 0) {
      // Raw and whole, so that it runs from the mapping.
      stored.extent = writer_.put_extent(digest.content,
                                         source_.bytes().subspan(tensor.offset, tensor.bytes),
                                         0, [&](std::uint64_t at, std::uint64_t size) {
                                           source_.drop(tensor.offset + at, size);
                                         });
      writer_.put_payload(stored.atom_id, 0, stored.extent, tensor.bytes);
    }
    atoms_.hold(stored.atom_id, Modality::tensor, tensor::dtype_info(tensor.dtype).name);
    tensors_.push_back(std::move(stored));
  }
}

std::int64_t ModelAtomizer::put_file() {
  const Id id{IdSpace::content, digests_.file};
  const std::int64_t file_id = atoms_.put_file(id, source_.bytes());
  const ByteView header = source_.bytes().first(view_.header_bytes);
  const store::ExtentRecord extent = writer_.put_extent(crypto::sha256(header), header, level_);
  header_extent_id_ = extent.extent_id;
  writer_.put_payload(file_id, 0, extent, header.size());
  std::vector<std::size_t> by_offset(view_.tensors.size());
  for (std::size_t i = 0; i < by_offset.size(); ++i) by_offset[i] = i;
  std::stable_sort(by_offset.begin(), by_offset.end(), [&](std::size_t a, std::size_t b) {
    return view_.tensors[a].offset < view_.tensors[b].offset;
  });
  std::int64_t position = 1;
  std::uint64_t at = view_.header_bytes;
  for (const std::size_t index : by_offset) {
    const ModelTensor& tensor = view_.tensors[index];
    if (tensor.bytes == 0) continue;
    position = put_pieces(writer_, source_, file_id, position, at, tensor.offset - at, level_);
    writer_.put_payload(file_id, position++, tensors_[index].extent, tensor.bytes);
    at = tensor.offset + tensor.bytes;
  }
  put_pieces(writer_, source_, file_id, position, at, source_.size() - at, level_);
  atoms_.hold(file_id, Modality::model, "file");
  return file_id;
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
  writer_.put_model(
      {model_id, view_.architecture, view_.format, view_.parameters(), header_extent_id_});
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
      writer_.put_tensor(
          {model_id, static_cast<std::int64_t>(i), tensors_[i].atom_id, tensor.name,
           static_cast<std::uint32_t>(tensor.dtype), shape_json(tensor.shape),
           tensor_signature(tensor, source_.bytes().subspan(tensor.offset, tensor.bytes))});
    }
  atoms_.hold(model_id, Modality::model, view_.format);
  return model_id;
}

}  // namespace

Atomized atomize_model(store::Store& store, store::CatalogWriter& writer, const Source& source,
                       formats::FileFormat format, const AtomizeOptions& options) {
  const ModelView view = view_model(format, source.bytes(), source.size());
  const ModelDigests digests = digest_model(source, view, options);

  Atomized result;
  result.atom = {IdSpace::content, digests.file};
  result.name = options.name;
  result.kind = "model";
  result.modality = Modality::model;
  result.subtype = view.format;
  result.bytes = source.size();

  store::CatalogWriter::NewObject object = new_object(result, options, kAtomizer);
  if (auto unchanged = find_unchanged(store, writer, object, result)) return *unchanged;

  ModelAtomizer atomizer{writer, source, view, digests, options};
  atomizer.put_tensors();
  object.atom_id = atomizer.put_file();
  Id model;
  object.structure_id = atomizer.put_model(model);
  result.structure = model;
  result.version = writer.put_object(object);
  result.totals = writer.take_totals();
  return result;
}

}  // namespace hart::atom
