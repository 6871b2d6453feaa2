#include <sys/stat.h>

#include <filesystem>

#include "commands.h"
#include "store/catalog.h"

namespace hart::ingest {
namespace {

struct StatOptions {
  std::optional<std::string> as_of;
};

std::uint64_t file_bytes(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

std::uint64_t pack_bytes(const std::string& directory) {
  std::uint64_t total = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{directory + "/packs", error})
    total += file_bytes(entry.path().string());
  return total;
}

/// What the tenant holds, modality by modality.
void write_modalities(store::Store& store, cli::Output& out) {
  cli::Table table{{"MODALITY", "OBJECTS", "ATOMS", "BYTES"}};
  for (const store::ModalityTotals& totals : store::modality_totals(store)) {
    const std::string name{store::modality_name(totals.modality)};
    if (!out.human())
      out.write({{"type", "modality"},
                 {"modality", name},
                 {"objects", totals.objects},
                 {"atoms", totals.atoms},
                 {"bytes", totals.bytes}});
    table.row({name, std::to_string(totals.objects), std::to_string(totals.atoms),
               cli::format_bytes(totals.bytes)});
  }
  if (out.human() && !table.empty()) out.table(table);
}

/// Each extent that the tenant reaches, once: what its objects take after deduplication.
void write_summary(store::Store& store, cli::Output& out) {
  store::Statement extents = store.db().prepare(
      "SELECT COALESCE(SUM(decoded_bytes), 0), COALESCE(SUM(stored_bytes), 0), COUNT(*) FROM"
      " (SELECT DISTINCT extent_id, decoded_bytes, stored_bytes FROM my_atom_payload"
      "  WHERE extent_id IS NOT NULL)");
  extents.step();
  store::Statement objects = store.db().prepare(
      "SELECT COUNT(*), COALESCE(SUM(a.bytes), 0) FROM my_object AS o"
      " JOIN my_atom AS a ON a.atom_id = o.atom_id");
  objects.step();
  const auto logical = static_cast<std::uint64_t>(objects.integer(1));
  const auto stored = static_cast<std::uint64_t>(extents.integer(1));
  const double ratio =
      logical == 0 ? 0.0 : 1.0 - static_cast<double>(stored) / static_cast<double>(logical);
  const std::string& directory = store.directory();
  const std::uint64_t catalog = file_bytes(directory + "/hart.db");
  const std::uint64_t packs = pack_bytes(directory);
  out.write({{"type", "summary"},
             {"objects", objects.integer(0)},
             {"object_bytes", logical},
             {"extents", extents.integer(2)},
             {"decoded_bytes", extents.integer(0)},
             {"stored_bytes", stored},
             {"saved_ratio", ratio},
             {"catalog_bytes", catalog},
             {"pack_bytes", packs}},
            std::to_string(objects.integer(0)) + " objects of " + cli::format_bytes(logical) +
                " take " + cli::format_bytes(stored) + " in packs; the catalog takes " +
                cli::format_bytes(catalog));
}

int stat(const StatOptions& options, cli::Context& context) {
  store::Store store = context.open_store_as_of(options.as_of);
  const store::Snapshot snapshot{store.db()};
  write_modalities(store, context.out);
  write_summary(store, context.out);
  return 0;
}

}  // namespace

void add_stat(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("stat", "Sizes and rows, and what deduplication saves");
  auto& options = command.options<StatOptions>();
  add_as_of(command, options.as_of);
  command.action([&options](cli::Context& context) { return stat(options, context); });
}

}  // namespace hart::ingest
