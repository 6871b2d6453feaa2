#pragma once

#include <random>
#include <string>
#include <vector>

#include "atom/model_catalog.h"
#include "fixture.h"
#include "tensor/convert.h"

namespace hart::atom {

/// A tensor of any type that can be written.
struct TypedTensor {
  std::string name;
  tensor::DType dtype = tensor::DType::f32;
  std::vector<std::uint64_t> shape;  ///< innermost dimension first
  std::vector<float> values;

  [[nodiscard]] ByteBuffer bytes() const {
    ByteBuffer out(tensor::tensor_bytes(dtype, shape));
    tensor::quantize_row(dtype, values, out);
    return out;
  }
};

inline std::vector<float> random_values(std::size_t count, unsigned seed, float scale = 1) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal{0, scale};
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// A GGUF file of these tensors; `writer` may hold metadata already.
inline ByteBuffer typed_gguf(const std::vector<TypedTensor>& tensors,
                             formats::GgufWriter writer = formats::GgufWriter{}) {
  std::vector<ByteBuffer> buffers;
  for (const TypedTensor& tensor : tensors) {
    writer.add_tensor(tensor.name, tensor.dtype, tensor.shape);
    buffers.push_back(tensor.bytes());
  }
  return writer.file(std::vector<ByteView>(buffers.begin(), buffers.end()));
}

inline ByteBuffer typed_safetensors(
    const std::vector<TypedTensor>& tensors,
    const std::vector<std::pair<std::string, std::string>>& metadata = {}) {
  std::vector<formats::SafetensorsTensor> described;
  for (const TypedTensor& tensor : tensors)
    described.push_back({tensor.name, tensor.dtype, tensor.shape, 0, 0});
  ByteBuffer file = formats::write_safetensors_header(described, metadata);
  for (const TypedTensor& tensor : tensors) append(file, tensor.bytes());
  return file;
}

inline CatalogModel catalog_model(store::Store& store, const std::string& name) {
  return read_catalog_model(store, store::resolve_object(store, name));
}

inline const CatalogTensor& tensor_named(const CatalogModel& model, const std::string& name) {
  for (const CatalogTensor& tensor : model.tensors)
    if (tensor.name == name) return tensor;
  throw Error{Fault::no_input, "no tensor " + name};
}

}  // namespace hart::atom
