#pragma once

#include <map>
#include <string>

#include "object_fixture.h"

namespace hart::test {

/// A model as the atomizer would write it, in the smallest way: its file, a structure, one
/// layer and its tensors, whose content is text.
struct Model {
  std::string name;
  std::map<std::string, std::string> tensors;  ///< content by name
  std::string tag;
  Json metadata;
};

inline std::int64_t put_model(store::CatalogWriter& writer, const Model& model) {
  using store::AtomForm;
  using store::Modality;
  std::string all;
  for (const auto& [name, content] : model.tensors) all += name + "=" + content + ";";
  store::CatalogWriter::NewObject object;
  object.atom_id = writer.put_atom(content_of("file " + all), AtomForm::descriptor,
                                   ByteBuffer(40), all.size());
  writer.put_payload(object.atom_id, 0,
                     writer.put_extent(crypto::sha256(as_bytes(all)), as_bytes(all), 0),
                     all.size());
  const Id structure{IdSpace::structure, content_of("model " + all).hash};
  const Id layer{IdSpace::structure, content_of("layer " + all).hash};
  object.structure_id =
      writer.put_atom(structure, AtomForm::descriptor, ByteBuffer(40), all.size());
  const auto layer_id =
      writer.put_atom(layer, AtomForm::descriptor, ByteBuffer(40), all.size());
  writer.put_model({object.structure_id, "test", "gguf", model.tensors.size()});
  writer.put_layer(object.structure_id, 0, layer_id, "blk.0", model.tensors.size());
  writer.put_component(object.structure_id, 0, layer_id, "blk.0", {});
  std::int64_t position = 0;
  for (const auto& [name, content] : model.tensors) {
    const Id id{IdSpace::structure, content_of("tensor " + content).hash};
    const auto tensor =
        writer.put_atom(id, AtomForm::descriptor, ByteBuffer(40), content.size());
    writer.put_payload(
        tensor, 0, writer.put_extent(crypto::sha256(as_bytes(content)), as_bytes(content), 0),
        content.size());
    writer.put_component(layer_id, position, tensor, name, {});
    writer.put_tensor({object.structure_id, position++, tensor, "blk.0." + name, 0, "[1]", {}});
    writer.hold_atom(tensor, Modality::tensor, "f32");
  }
  for (const std::int64_t atom_id : {object.atom_id, object.structure_id, layer_id})
    writer.hold_atom(atom_id, Modality::model, "gguf");
  object.name = model.name;
  object.version_tag = model.tag;
  object.kind = "model";
  object.modality = Modality::model;
  object.subtype = "gguf";
  object.atomizer = "test/1";
  object.metadata = model.metadata;
  return writer.put_object(object);
}

inline std::int64_t add_model(store::Store& store, const Model& model) {
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  const std::int64_t version = put_model(writer, model);
  transaction.commit();
  return version;
}

inline void remove_named(store::Store& store, const std::string& reference) {
  store::WriteTransaction transaction{store};
  static_cast<void>(store::remove_object(store, store::resolve_object(store, reference)));
  transaction.commit();
}

/// An instant after all that was committed and before all that will be.
inline TimeUs instant(store::Store& store) {
  store::WriteTransaction transaction{store};
  const TimeUs time = store.now();
  transaction.commit();
  return time;
}

/// How many holders an atom of this id counts for the tenant, over all modalities.
inline std::int64_t holders_of(store::Store& store, const Id& id) {
  store::Statement row = store.db().prepare(
      "SELECT COALESCE(SUM(t.holders), 0) FROM my_tenant_atom AS t JOIN my_atom AS a"
      " ON a.atom_id = t.atom_id WHERE a.hash = ? AND a.space = ?");
  row.with(id.hash, static_cast<std::int64_t>(id.space)).step();
  return row.integer(0);
}

inline Id tensor_id(std::string_view content) {
  return {IdSpace::structure, content_of("tensor " + std::string{content}).hash};
}

}  // namespace hart::test
