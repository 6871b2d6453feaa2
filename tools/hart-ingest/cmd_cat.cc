#include <string>

#include "atom/export.h"
#include "commands.h"
#include "core/error.h"
#include "object_json.h"

namespace hart::ingest {
namespace {

struct CatOptions {
  std::string id;
};

struct ExportOptions {
  std::string id;
  std::string output;
};

/// An object's file, or the bytes of any atom: those of a paragraph are its text.
int cat(const CatOptions& options, cli::Context& context) {
  store::Store store = context.open_store();
  const store::Atom atom = store::resolve_atom(store, options.id);
  if (atom.id.space == IdSpace::structure) {
    store::Statement payload =
        store.db().prepare("SELECT 1 FROM my_atom_payload WHERE atom_id = ? LIMIT 1");
    if (!payload.with(atom.atom_id).step()) {
      context.out.raw(as_bytes(store::atom_text(store, atom.atom_id)));
      return 0;
    }
  }
  atom::read_content(store, atom, [&](ByteView part) {
    context.check_interrupt();
    context.out.raw(part);
  });
  return 0;
}

int export_object(const ExportOptions& options, cli::Context& context) {
  store::Store store = context.open_store();
  const store::Object object = store::resolve_object(store, options.id);
  if (options.output == "-") {
    const auto atom = store::atom_by_id(store, object.atom_id);
    atom::read_content(store, *atom, [&](ByteView part) {
      context.check_interrupt();
      context.out.raw(part);
    });
    return 0;
  }
  atom::export_file(store, object, options.output);
  Json record = object_json(object);
  record["type"] = "exported";
  record["path"] = options.output;
  record["verified"] = true;
  context.out.write(record, object.name + "@" + std::to_string(object.version) + " -> " +
                                options.output + ", verified");
  return 0;
}

}  // namespace

void add_cat(cli::Command& tool) {
  cli::Command& command = tool.subcommand("cat", "Write the bytes of an object or an atom");
  auto& options = command.options<CatOptions>();
  command.positional("ID", options.id, "id, prefix, name or name@version").required();
  command.action([&options](cli::Context& context) { return cat(options, context); });
}

void add_export(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("export", "Rebuild an object's file bit for bit, and verify it");
  auto& options = command.options<ExportOptions>();
  command.positional("ID", options.id, "id, prefix, name or name@version").required();
  command
      .option("-o,--output", "FILE", options.output, "where to write it; - for standard output")
      .required();
  command.action([&options](cli::Context& context) { return export_object(options, context); });
}

}  // namespace hart::ingest
