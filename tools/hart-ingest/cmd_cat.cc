#include <string>

#include "atom/export.h"
#include "commands.h"

namespace hart::ingest {
namespace {

struct CatOptions {
  std::string id;
  std::optional<std::string> as_of;
};

/// An object's file, or the bytes of any atom: those of a paragraph are its text.
int cat(const CatOptions& options, cli::Context& context) {
  store::Store store = context.open_store_as_of(options.as_of);
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

}  // namespace

void add_cat(cli::Command& tool) {
  cli::Command& command = tool.subcommand("cat", "Write the bytes of an object or an atom");
  auto& options = command.options<CatOptions>();
  command.positional("ID", options.id, "id, prefix, name or name@version").required();
  add_as_of(command, options.as_of);
  command.action([&options](cli::Context& context) { return cat(options, context); });
}

}  // namespace hart::ingest
