#include <string>

#include "atom/identity.h"
#include "commands.h"
#include "core/error.h"
#include "geometry/spatialite_blob.h"
#include "object_json.h"

namespace hart::ingest {
namespace {

struct ShowOptions {
  std::string id;
  bool geometry = false;
  std::optional<std::string> as_of;
};

/// What one atom is: its form, its descriptor's facts, where the tenant's reference places it.
Json atom_json(const store::Atom& atom) {
  Json json{{"type", "atom"}, {"atom", atom.id.text()}, {"bytes", atom.bytes}};
  if (atom.form == store::AtomForm::inlined) {
    json["kind"] = "content";
    json["value"] = to_base64(atom.value);
    return json;
  }
  const atom::Descriptor descriptor = atom::decode_descriptor(atom.value);
  json["kind"] = atom::kind_name(descriptor.kind);
  json["count"] = descriptor.count;
  json["root"] = to_hex(descriptor.root);
  return json;
}

void add_references(store::Store& store, const store::Atom& atom, bool geometry, Json& json) {
  store::Statement rows = store.db().prepare(
      "SELECT modality, subtype, holders, created_us, spatial_key, importance"
      " FROM my_tenant_atom"
      " WHERE atom_id = ? ORDER BY modality");
  rows.with(atom.atom_id);
  Json references = Json::array();
  while (rows.step()) {
    Json reference{
        {"modality", store::modality_name(static_cast<store::Modality>(rows.integer(0)))},
        {"subtype", std::string{rows.text(1)}},
        {"holders", rows.integer(2)},
        {"created", format_time(rows.integer(3))}};
    if (!rows.is_null(5)) reference["importance"] = rows.real(5);
    if (geometry && !rows.is_null(4))
      reference["spatial_key"] = geometry::wkt(geometry::decode_geometry(rows.blob(4)));
    references.push_back(std::move(reference));
  }
  json["references"] = std::move(references);
}

void write_component(cli::Output& out, const store::Component& component, bool geometry) {
  Json json{{"type", "component"},
            {"position", component.position},
            {"atom", component.atom.id.text()},
            {"bytes", component.atom.bytes}};
  if (!component.name.empty()) json["name"] = component.name;
  if (component.atom.form == store::AtomForm::inlined)
    json["value"] = to_base64(component.atom.value);
  if (geometry && component.spatial)
    json["spatial_key"] = geometry::wkt(geometry::Geometry{
        geometry::Shape::point, geometry::kSridCartesian, {*component.spatial}});
  out.write(json);
}

/// Columns `column` and the next: an importance and how it was measured, when it was.
void add_importance(const store::Statement& row, int column, Json& json) {
  if (row.is_null(column)) return;
  json["importance"] = row.real(column);
  json["method"] = std::string{row.text(column + 1)};
}

void write_layers(store::Store& store, std::int64_t model_atom_id, cli::Output& out) {
  store::Statement rows = store.db().prepare(
      "SELECT l.layer_index, l.name, a.hash, l.parameters, a.bytes, i.importance, i.method"
      " FROM my_model_layer AS l JOIN my_atom AS a ON a.atom_id = l.layer_atom_id"
      " LEFT JOIN my_layer_importance AS i"
      "   ON i.model_atom_id = l.model_atom_id AND i.layer_index = l.layer_index"
      " WHERE l.model_atom_id = ? ORDER BY l.layer_index");
  rows.with(model_atom_id);
  while (rows.step()) {
    Json json{{"type", "layer"},
              {"index", rows.integer(0)},
              {"name", std::string{rows.text(1)}},
              {"atom", Id{IdSpace::structure, rows.hash(2)}.text()},
              {"parameters", rows.integer(3)},
              {"bytes", rows.integer(4)}};
    add_importance(rows, 5, json);
    out.write(json);
  }
}

void write_tensors(store::Store& store, std::int64_t model_atom_id, bool geometry,
                   cli::Output& out) {
  store::Statement rows = store.db().prepare(
      "SELECT t.name, t.dtype, t.shape, a.hash, a.bytes, t.weights_geometry, i.importance,"
      " i.method FROM my_tensor_atom AS t JOIN my_atom AS a ON a.atom_id = t.tensor_atom_id"
      " LEFT JOIN my_tensor_importance AS i"
      "   ON i.model_atom_id = t.model_atom_id AND i.position = t.position"
      " WHERE t.model_atom_id = ? ORDER BY t.position");
  rows.with(model_atom_id);
  while (rows.step()) {
    const auto dtype = static_cast<tensor::DType>(rows.integer(1));
    Json json{{"type", "tensor"},
              {"name", std::string{rows.text(0)}},
              {"dtype", tensor::dtype_info(dtype).name},
              {"shape", parse_json(rows.text(2), "stored shape")},
              {"atom", Id{IdSpace::structure, rows.hash(3)}.text()},
              {"bytes", rows.integer(4)}};
    add_importance(rows, 6, json);
    if (geometry && !rows.is_null(5))
      json["weights_geometry"] = geometry::wkt(geometry::decode_geometry(rows.blob(5)));
    out.write(json);
  }
}

int show(const ShowOptions& options, cli::Context& context) {
  store::Store store = context.open_store_as_of(options.as_of);
  const store::Snapshot snapshot{store.db()};
  std::optional<store::Object> object;
  std::optional<store::Atom> atom;
  try {
    object = store::resolve_object(store, options.id);
    if (object->structure_id != 0) atom = store::atom_by_id(store, object->structure_id);
  } catch (const Error& error) {
    if (error.fault() != Fault::no_input) throw;
    atom = store::resolve_atom(store, options.id);
  }
  if (object) context.out.write(object_json(*object));
  if (!atom) return 0;
  Json json = atom_json(*atom);
  add_references(store, *atom, options.geometry, json);
  context.out.write(json);
  store::for_each_component(store, atom->atom_id, [&](const store::Component& component) {
    context.check_interrupt();
    write_component(context.out, component, options.geometry);
  });
  write_layers(store, atom->atom_id, context.out);
  write_tensors(store, atom->atom_id, options.geometry, context.out);
  return 0;
}

}  // namespace

void add_show(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("show", "What an object or an atom is, and what it is made of");
  auto& options = command.options<ShowOptions>();
  command.positional("ID", options.id, "id, prefix, name or name@version").required();
  command.flag("--geometry", options.geometry, "with every geometry as WKT");
  add_as_of(command, options.as_of);
  command.action([&options](cli::Context& context) { return show(options, context); });
}

}  // namespace hart::ingest
