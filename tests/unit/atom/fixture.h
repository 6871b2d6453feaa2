#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "atom/atomize.h"
#include "atom/export.h"
#include "atom/identity.h"
#include "atom/verify_structure.h"
#include "core/endian.h"
#include "core/error.h"
#include "formats/gguf_writer.h"
#include "formats/safetensors.h"
#include "store/catalog_writer.h"
#include "store/fsck.h"
#include "support/scratch_store.h"

namespace hart::atom {

inline const store::SchemaModule kCatalogOnly[] = {store::catalog_schema()};

/// The fault of the Error that `body` throws; 0 when it throws none.
template <typename Body> Fault fault_of(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.fault();
  }
  return Fault{0};
}

/// How many extents are stored in this form.
inline std::int64_t extents_of(store::Store& store, store::Codec codec) {
  return store.db().query_integer("SELECT COUNT(*) FROM extent WHERE codec = " +
                                  std::to_string(static_cast<int>(codec)));
}

/// What fsck and the check of structures find, a line each.
inline std::string problems(store::Store& store) {
  std::string all;
  const auto note = [&](const store::Finding& finding) {
    all += finding.where + ": " + finding.what + "\n";
  };
  (void)store::fsck(store, {}, note);
  (void)verify_structures(store, {}, note);
  return all;
}

/// Adds bytes in a transaction of their own.
inline Atomized add(store::Store& store, const std::string& name, ByteView bytes,
                    AtomizeOptions options = {}, const PassageVisitor& passage = {}) {
  options.name = name;
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  Atomized added = atomize(store, writer, bytes, options, passage);
  transaction.commit();
  return added;
}

inline Atomized add_text(store::Store& store, const std::string& name, std::string_view text) {
  return add(store, name, as_bytes(text));
}

/// The bytes of an object's file, verified.
inline ByteBuffer exported(store::Store& store, const std::string& reference) {
  const store::Object object = store::resolve_object(store, reference);
  ByteBuffer bytes;
  read_content(store, *store::atom_by_id(store, object.atom_id),
               [&](ByteView part) { append(bytes, part); });
  return bytes;
}

inline std::int64_t count(store::Store& store, const std::string& table) {
  return store.db().query_integer("SELECT COUNT(*) FROM " + table);
}

struct TestTensor {
  std::string name;
  std::vector<std::uint64_t> shape;  ///< innermost dimension first
  std::vector<float> values;

  [[nodiscard]] ByteView bytes() const {
    return {reinterpret_cast<const std::uint8_t*>(values.data()),
            values.size() * sizeof(float)};
  }
};

/// A GGUF file of F32 tensors and textual metadata.
inline ByteBuffer gguf_file(const std::vector<TestTensor>& tensors,
                            const std::vector<std::pair<std::string, std::string>>& metadata) {
  formats::GgufWriter writer;
  std::vector<ByteView> data;
  for (const auto& [key, value] : metadata) writer.add_string(key, value);
  for (const TestTensor& tensor : tensors) {
    writer.add_tensor(tensor.name, tensor::DType::f32, tensor.shape);
    data.push_back(tensor.bytes());
  }
  return writer.file(data);
}

inline ByteBuffer safetensors_file(
    const std::vector<TestTensor>& tensors,
    const std::vector<std::pair<std::string, std::string>>& metadata = {}) {
  std::vector<formats::SafetensorsTensor> described;
  for (const TestTensor& tensor : tensors)
    described.push_back({tensor.name, tensor::DType::f32, tensor.shape, 0, 0});
  ByteBuffer file = formats::write_safetensors_header(described, metadata);
  for (const TestTensor& tensor : tensors) append(file, tensor.bytes());
  return file;
}

}  // namespace hart::atom
