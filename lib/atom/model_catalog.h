#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "store/catalog.h"
#include "tensor/dtype.h"

namespace hart::atom {

/// A tensor of a stored model, its bytes left where they are.
struct CatalogTensor {
  std::int64_t position = 0;  ///< in the model, from 0
  std::string name;
  tensor::DType dtype = tensor::DType::f32;
  std::vector<std::uint64_t> shape;  ///< innermost dimension first
  std::int64_t atom_id = 0;
  std::uint64_t bytes = 0;

  [[nodiscard]] std::uint64_t elements() const noexcept {
    std::uint64_t count = 1;
    for (const std::uint64_t size : shape) count *= size;
    return count;
  }
};

/// A file of a model that is a folder.
struct CatalogFile {
  std::string path;  ///< relative to the folder
  Id id;
};

/// What the catalog knows of a model: as open_model, but no tensor is read, so that it costs
/// the same however large the model is.
struct CatalogModel {
  store::Object object;
  std::string format;  ///< "gguf", "safetensors"
  std::string architecture;
  /// Of the file; it parses without the tensors. Empty for a folder.
  ByteBuffer header;
  std::vector<CatalogFile> files;      ///< of a folder, in the order of their paths
  std::vector<CatalogTensor> tensors;  ///< in the order of the file
};

/// Whether an object's file is a folder of files.
[[nodiscard]] bool is_folder(const store::Atom& file);
/// The header of a stored model file: it parses without the tensors.
[[nodiscard]] ByteBuffer read_model_header(store::Store& store, const store::Atom& file);

/// Whether the object is a model that has been taken apart.
[[nodiscard]] bool is_model(const store::Object& object);

/// Throws Error(data) when the object is no model.
[[nodiscard]] CatalogModel read_catalog_model(store::Store& store, const store::Object& object);

/// Throws Error(data) when the numbers of a model lie in big-endian order, so that they cannot
/// be computed with.
void require_computable(const CatalogModel& model);

/// Whether elements of this type are weights: floats and blocks of them, not integers.
[[nodiscard]] bool is_weight_dtype(tensor::DType dtype) noexcept;

/// Where a tensor stands: its stack of layers and its number in it. "blk.3.attn_q.weight" is
/// layer 3 of the stack "blk", in the role "attn_q.weight".
struct LayerPlace {
  std::string_view stack;  ///< empty for a tensor outside of all layers
  std::uint64_t index = 0;
  std::string_view role;  ///< what follows the number; the whole name outside of layers
};
/// Views into `tensor_name`.
[[nodiscard]] LayerPlace place_of(std::string_view tensor_name) noexcept;

}  // namespace hart::atom
