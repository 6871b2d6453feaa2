#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/parallel.h"
#include "store/catalog.h"
#include "store/packs.h"
#include "tensor/interleave.h"

namespace hart::atom {

/// Gives the bytes that an atom stands for to `sink`, in order, and compares their SHA-256 with
/// the id of a content atom at the end. Throws Error(data) when a pack is damaged or the digest
/// differs: whatever the sink got by then must not be believed. Throws Error(data) for a
/// structure without bytes of its own (a paragraph: see store::atom_text).
void read_content(store::Store& store, const store::Atom& atom,
                  const std::function<void(ByteView)>& sink,
                  unsigned threads = default_threads());

/// Throws Error(data) unless `name` is a path that stays inside a folder: the store holds no
/// other, unless it is damaged.
void check_relative(const std::string& name);

/// Writes an object's file to `path`: into a temporary file beside it, verified, synced, then
/// renamed, so that `path` never holds half of it; a device or a pipe is written to as it is. A
/// model that is a folder becomes a folder: `path` must be missing or an empty one.
/// Throws Error(cannot_create), Error(io) or Error(data); `path` is then as it was.
void export_file(store::Store& store, const store::Object& object, const std::string& path,
                 unsigned threads = default_threads());

/// In which order open_model gives the rows of a tensor that lie interleaved in the pack.
enum class TensorForm {
  as_files,  ///< as files have them, decoded into memory
  runnable,  ///< as they lie, mapped: StoredTensor::layout says so
};

/// A tensor of a stored model, its bytes mapped from a pack where they lie there in one piece
/// and in the form that was asked for, else decoded into memory.
struct StoredTensor {
  std::string name;
  std::uint32_t dtype = 0;
  std::vector<std::uint64_t> shape;
  std::int64_t atom_id = 0;
  std::uint64_t size = 0;  ///< in bytes
  store::ExtentBytes bytes;
  tensor::RowLayout layout = tensor::RowLayout::rows;  ///< of `bytes`
};

/// A stored model: the header's bytes (they parse without the tensors) and its tensors in
/// order. The store must outlive it.
struct StoredModel {
  store::Object object;
  std::string format;
  std::string architecture;
  std::uint64_t parameters = 0;
  std::uint64_t file_bytes = 0;
  ByteBuffer header;
  std::vector<StoredTensor> tensors;
};

/// Throws Error(no_input) when `reference` names no object, Error(data) when it is no model.
[[nodiscard]] StoredModel open_model(store::Store& store, const std::string& reference,
                                     TensorForm form = TensorForm::as_files,
                                     unsigned threads = default_threads());

}  // namespace hart::atom
