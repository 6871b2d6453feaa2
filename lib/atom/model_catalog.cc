#include "atom/model_catalog.h"

#include <charconv>

#include "atom/atomizer.h"
#include "atom/identity.h"
#include "atom/model_view.h"
#include "atom/payload_reader.h"
#include "core/error.h"
#include "core/json.h"
#include "formats/gguf.h"

namespace hart::atom {
namespace {

std::vector<CatalogFile> read_files(store::Store& store, const store::Atom& folder) {
  std::vector<CatalogFile> files;
  store::for_each_component(store, folder.atom_id, [&](const store::Component& component) {
    files.push_back({component.name, component.atom.id});
  });
  return files;
}

}  // namespace

bool is_folder(const store::Atom& atom) {
  return atom.form == store::AtomForm::descriptor && atom.id.space == IdSpace::structure &&
         decode_descriptor(atom.value).kind == Kind::folder;
}

ByteBuffer read_model_header(store::Store& store, const store::Atom& file) {
  if (file.form == store::AtomForm::inlined) return file.value;
  store::Statement size = store.db().prepare(
      "SELECT COALESCE(SUM(bytes), 0) FROM my_atom_payload WHERE atom_id = ? AND position < ?");
  size.with(file.atom_id, kFirstTensorPosition).step();
  ByteBuffer header(static_cast<std::size_t>(size.integer(0)));
  read_payload_range(store, file.atom_id, 0, header);
  return header;
}

bool is_model(const store::Object& object) {
  return object.kind == "model" && object.structure_id != 0;
}

CatalogModel read_catalog_model(store::Store& store, const store::Object& object) {
  const store::Snapshot snapshot{store.db()};
  CatalogModel model;
  model.object = object;
  store::Statement facts =
      store.db().prepare("SELECT architecture FROM my_model WHERE atom_id = ?");
  if (!is_model(object) || !facts.with(object.structure_id).step())
    throw Error{Fault::data, object.name + ": is a " + object.kind + ", not a model"};
  model.format = object.subtype;
  model.architecture = facts.text(0);
  const auto file = store::atom_by_id(store, object.atom_id);
  if (!file) throw Error{Fault::no_input, object.name + ": no longer held"};
  if (is_folder(*file)) {
    model.files = read_files(store, *file);
  } else {
    model.header = read_model_header(store, *file);
  }
  store::Statement rows = store.db().prepare(
      "SELECT t.position, t.name, t.dtype, t.shape, t.tensor_atom_id, a.bytes"
      " FROM my_tensor_atom AS t JOIN my_atom AS a ON a.atom_id = t.tensor_atom_id"
      " WHERE t.model_atom_id = ? ORDER BY t.position");
  rows.with(object.structure_id);
  while (rows.step()) {
    CatalogTensor tensor;
    tensor.position = rows.integer(0);
    tensor.name = rows.text(1);
    tensor.dtype = static_cast<tensor::DType>(rows.integer(2));
    tensor.shape = parse_json(rows.text(3), "stored shape").get<std::vector<std::uint64_t>>();
    tensor.atom_id = rows.integer(4);
    tensor.bytes = static_cast<std::uint64_t>(rows.integer(5));
    if (tensor.bytes != tensor::tensor_bytes(tensor.dtype, tensor.shape))
      throw Error{Fault::data, "the store is damaged: tensor '" + tensor.name +
                                   "' has another size than its shape"};
    model.tensors.push_back(std::move(tensor));
  }
  return model;
}

void require_computable(const CatalogModel& model) {
  if (model.format != "gguf" || model.header.empty()) return;
  formats::require_little_endian(formats::parse_gguf(model.header, model.object.bytes));
}

bool is_weight_dtype(tensor::DType dtype) noexcept {
  using tensor::DType;
  switch (dtype) {
    case DType::i8:
    case DType::i16:
    case DType::i32:
    case DType::i64:
    case DType::boolean:
    case DType::u8:
    case DType::u16:
    case DType::u32:
    case DType::u64:
      return false;
    default:
      return true;
  }
}

LayerPlace place_of(std::string_view tensor_name) noexcept {
  const std::string_view layer = layer_of(tensor_name);
  const std::size_t dot = layer.rfind('.');
  LayerPlace place;
  place.role = tensor_name;
  if (dot == std::string_view::npos) return place;
  const std::string_view number = layer.substr(dot + 1);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), place.index);
  if (error != std::errc{} || end != number.data() + number.size()) {
    place.index = 0;  // too many digits to be a layer
    return place;
  }
  place.stack = layer.substr(0, dot);
  place.role = tensor_name.substr(layer.size() + 1);
  return place;
}

}  // namespace hart::atom
