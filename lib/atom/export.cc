#include "atom/export.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "atom/model_catalog.h"
#include "atom/output_file.h"
#include "atom/payload_reader.h"
#include "atom/tensor_payload.h"
#include "core/error.h"
#include "core/json.h"
#include "core/parallel.h"
#include "crypto/sha256.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;

void export_to_device(store::Store& store, const store::Atom& atom, const std::string& path,
                      unsigned threads) {
  DeviceFile file{path};
  read_content(
      store, atom, [&](ByteView part) { file.write(part); }, threads);
}

void export_folder(store::Store& store, const store::Atom& folder, const std::string& path,
                   unsigned threads) {
  TemporaryFolder target{path};
  std::vector<store::Component> files;
  store::for_each_component(store, folder.atom_id,
                            [&](const store::Component& file) { files.push_back(file); });
  for (const store::Component& component : files) {
    check_relative(component.name);
    const fs::path to = fs::path{target.path()} / component.name;
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (error) throw_errno(Fault::cannot_create, to.string(), error.value());
    TemporaryFile file{to.string()};
    read_content(
        store, component.atom, [&](ByteView part) { file.write(part); }, threads);
    file.complete(to.string());
  }
  target.complete();
}

/// Gives `tensor` its bytes as they lie interleaved. False where they lie otherwise.
bool load_interleaved(store::Store& store, StoredTensor& tensor, unsigned threads) {
  const auto dtype = tensor::find_dtype(tensor.dtype);
  const auto form = dtype ? interleaved_form(*dtype, tensor.shape) : std::nullopt;
  if (!form) return false;
  auto rows = interleaved_payload(store, tensor.atom_id, *form, tensor.size, threads);
  if (!rows) return false;
  tensor.bytes = std::move(*rows);
  tensor.layout = tensor::RowLayout::interleaved16;
  return true;
}

}  // namespace

void check_relative(const std::string& name) {
  const fs::path path{name};
  const bool inside = !path.empty() && path.is_relative() &&
                      std::none_of(path.begin(), path.end(), [](const fs::path& part) {
                        return part == ".." || part == ".";
                      });
  if (!inside) throw Error{Fault::data, "the store is damaged: a folder's file " + name};
}

void read_content(store::Store& store, const store::Atom& atom,
                  const std::function<void(ByteView)>& sink, unsigned threads) {
  const store::Snapshot snapshot{store.db()};
  if (atom.form == store::AtomForm::inlined) return sink(atom.value);
  crypto::Sha256 hash;
  // A structure's id is no digest of its bytes: its extents answer for themselves.
  const bool content = atom.id.space == IdSpace::content;
  const std::uint64_t sent =
      read_payload(store, atom.atom_id, {!content, threads}, [&](ByteView part) {
        if (content) hash.update(part);
        sink(part);
      });
  if (sent == 0 && atom.bytes > 0)
    throw Error{Fault::data,
                atom.id.text() +
                    ": has no bytes of its own, only components; a folder is exported to a "
                    "folder"};
  if (sent != atom.bytes || (content && hash.finish() != atom.id.hash))
    throw Error{Fault::data, atom.id.text() + ": the stored bytes do not have this digest"};
}

void export_file(store::Store& store, const store::Object& object, const std::string& path,
                 unsigned threads) {
  const auto atom = store::atom_by_id(store, object.atom_id);
  if (!atom) throw Error{Fault::no_input, object.name + ": no longer held"};
  if (is_folder(*atom)) return export_folder(store, *atom, path, threads);
  if (is_device(path)) return export_to_device(store, *atom, path, threads);
  TemporaryFile file{path};
  read_content(
      store, *atom, [&](ByteView part) { file.write(part); }, threads);
  file.complete(path);
}

StoredModel open_model(store::Store& store, const std::string& reference, TensorForm form,
                       unsigned threads) {
  const store::Snapshot snapshot{store.db()};
  StoredModel stored;
  stored.object = store::resolve_object(store, reference);
  store::Statement model =
      store.db().prepare("SELECT architecture, parameters FROM my_model WHERE atom_id = ?");
  if (stored.object.structure_id == 0 || !model.with(stored.object.structure_id).step())
    throw Error{Fault::data, reference + ": is a " + stored.object.kind + ", not a model"};
  stored.format = stored.object.subtype;
  stored.architecture = model.text(0);
  stored.parameters = static_cast<std::uint64_t>(model.integer(1));
  stored.file_bytes = stored.object.bytes;
  // The header is the file's own: files that differ in it alone are one model.
  const auto file = store::atom_by_id(store, stored.object.atom_id);
  if (!file) throw Error{Fault::no_input, reference + ": no longer held"};
  stored.header = read_model_header(store, *file);
  store::Statement rows = store.db().prepare(
      "SELECT t.name, t.dtype, t.shape, t.tensor_atom_id, a.bytes FROM my_tensor_atom AS t"
      " JOIN my_atom AS a ON a.atom_id = t.tensor_atom_id"
      " WHERE t.model_atom_id = ? ORDER BY t.position");
  rows.with(stored.object.structure_id);
  while (rows.step()) {
    StoredTensor tensor;
    tensor.name = rows.text(0);
    tensor.dtype = static_cast<std::uint32_t>(rows.integer(1));
    tensor.shape = parse_json(rows.text(2), "stored shape").get<std::vector<std::uint64_t>>();
    tensor.atom_id = rows.integer(3);
    tensor.size = static_cast<std::uint64_t>(rows.integer(4));
    stored.tensors.push_back(std::move(tensor));
  }
  for (StoredTensor& tensor : stored.tensors)
    if (form == TensorForm::as_files || !load_interleaved(store, tensor, threads))
      tensor.bytes = load_payload(store, tensor.atom_id, tensor.size, threads);
  return stored;
}

}  // namespace hart::atom
