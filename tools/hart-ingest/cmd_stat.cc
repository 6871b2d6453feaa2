#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <optional>

#include "commands.h"
#include "store/catalog.h"
#include "store/packs.h"
#include "store/payload_key.h"
#include "store/storage_totals.h"
#include "store/tenant.h"

namespace hart::ingest {
namespace {

struct StatOptions {
  std::optional<std::string> as_of;
  bool all_tenants = false;
};

std::uint64_t file_bytes(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

/// What the packs take on the disk: holes take nothing.
std::uint64_t pack_bytes(const std::string& directory) {
  constexpr std::uint64_t kBlock = 512;
  std::uint64_t total = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{directory + "/packs", error}) {
    struct stat status {};
    if (::stat(entry.path().c_str(), &status) == 0)
      total += static_cast<std::uint64_t>(status.st_blocks) * kBlock;
  }
  return total;
}

/// The share of `whole` that is not `part`; 0 when there is nothing, or nothing is saved.
double saved(std::uint64_t part, std::uint64_t whole) {
  return part >= whole ? 0.0 : 1.0 - static_cast<double>(part) / static_cast<double>(whole);
}

/// A record of one tenant's, which says whose it is where several are listed.
Json begin_record(const char* type, const std::string& tenant) {
  Json record{{"type", type}};
  if (!tenant.empty()) record["tenant"] = tenant;
  return record;
}

/// Which key the payload is encrypted with, if it is.
void add_payload_key(Json& record, store::Store& store) {
  const store::PayloadSeal* seal = store.packs().seal();
  record["payload_key_id"] = seal == nullptr ? Json() : Json(to_hex(seal->key_id()));
}

const char* encrypted_text(store::Store& store) {
  return store.packs().seal() == nullptr ? "" : "; the payload is encrypted";
}

void add_extents(Json& record, const store::ExtentTotals& totals) {
  record["extents"] = totals.extents;
  record["decoded_bytes"] = totals.decoded_bytes;
  record["stored_bytes"] = totals.stored_bytes;
}

/// What the tenant holds, modality by modality, and what storing it once and coded saves.
void write_modalities(store::Store& store, const std::string& tenant, cli::Output& out) {
  std::map<store::Modality, store::ModalityStorage> storage;
  for (const store::ModalityStorage& one : store::storage_by_modality(store))
    storage[one.modality] = one;
  cli::Table table{{"MODALITY", "OBJECTS", "ATOMS", "BYTES", "STORED", "SAVED"}};
  for (const store::ModalityTotals& totals : store::modality_totals(store)) {
    const std::string name{store::modality_name(totals.modality)};
    const store::ModalityStorage& one = storage[totals.modality];
    Json record = begin_record("modality", tenant);
    record["modality"] = name;
    record["objects"] = totals.objects;
    record["atoms"] = totals.atoms;
    record["bytes"] = totals.bytes;
    if (totals.objects > 0) {
      add_extents(record, one.extents);
      record["dedup_ratio"] = saved(one.extents.decoded_bytes, totals.bytes);
      record["compression_ratio"] = saved(one.extents.stored_bytes, one.extents.decoded_bytes);
    }
    if (!out.human()) out.write(record);
    table.row(
        {name, std::to_string(totals.objects), std::to_string(totals.atoms),
         cli::format_bytes(totals.bytes), cli::format_bytes(one.extents.stored_bytes),
         std::to_string(static_cast<int>(100 * saved(one.extents.stored_bytes, totals.bytes))) +
             " %"});
  }
  if (out.human() && !table.empty()) out.table(table);
}

void write_codecs(store::Store& store, const std::string& tenant, cli::Output& out) {
  cli::Table table{{"CODEC", "EXTENTS", "DECODED", "STORED"}};
  for (const store::CodecStorage& one : store::storage_by_codec(store)) {
    const std::string name{store::codec_name(one.codec)};
    Json record = begin_record("codec", tenant);
    record["codec"] = name;
    add_extents(record, one.extents);
    if (!out.human()) out.write(record);
    table.row({name, std::to_string(one.extents.extents),
               cli::format_bytes(one.extents.decoded_bytes),
               cli::format_bytes(one.extents.stored_bytes)});
  }
  if (out.human() && !table.empty()) out.table(table);
}

/// Each extent that the tenant reaches, once: what its objects take after deduplication.
void write_summary(store::Store& store, const std::string& tenant, cli::Output& out) {
  const store::TenantStorage storage = store::tenant_storage(store);
  const std::uint64_t catalog = file_bytes(store.directory() + "/hart.db");
  Json record = begin_record("summary", tenant);
  record["objects"] = storage.objects;
  record["object_bytes"] = storage.object_bytes;
  add_extents(record, storage.extents);
  record["chunks"] = storage.chunks;
  record["saved_ratio"] = saved(storage.extents.stored_bytes, storage.object_bytes);
  record["dedup"] = store::dedup_name(storage.dedup);
  if (tenant.empty()) {
    record["catalog_bytes"] = catalog;
    record["pack_bytes"] = pack_bytes(store.directory());
    add_payload_key(record, store);
  }
  out.write(record, (tenant.empty() ? "" : tenant + ": ") + std::to_string(storage.objects) +
                        " objects of " + cli::format_bytes(storage.object_bytes) + " take " +
                        cli::format_bytes(storage.extents.stored_bytes) +
                        " in packs; the catalog takes " + cli::format_bytes(catalog) +
                        (tenant.empty() ? encrypted_text(store) : ""));
}

void write_tenant(store::Store& store, const std::string& tenant, cli::Output& out) {
  write_modalities(store, tenant, out);
  write_codecs(store, tenant, out);
  write_summary(store, tenant, out);
}

/// What all tenants share.
void write_store(store::Store& store, cli::Output& out) {
  const store::StoreStorage storage = store::store_storage(store);
  Json record{{"type", "store_summary"},
              {"tenants", storage.tenants},
              {"objects", storage.objects},
              {"object_bytes", storage.object_bytes},
              {"atoms", storage.atoms}};
  add_extents(record, storage.extents);
  record["saved_ratio"] = saved(storage.extents.stored_bytes, storage.object_bytes);
  record["catalog_bytes"] = file_bytes(store.directory() + "/hart.db");
  record["pack_bytes"] = pack_bytes(store.directory());
  record["bytes_free"] = storage.bytes_free;
  record["bytes_waiting"] = storage.bytes_waiting;
  add_payload_key(record, store);
  out.write(record, std::to_string(storage.tenants) +
                        " tenants: " + std::to_string(storage.objects) + " objects of " +
                        cli::format_bytes(storage.object_bytes) + " take " +
                        cli::format_bytes(storage.extents.stored_bytes) + " in packs; " +
                        cli::format_bytes(storage.bytes_waiting) + " wait for gc" +
                        encrypted_text(store));
}

int stat(const StatOptions& options, cli::Context& context) {
  store::Store store = context.open_store_as_of(options.as_of, options.all_tenants);
  const store::Snapshot snapshot{store.db()};
  if (!options.all_tenants) {
    write_tenant(store, {}, context.out);
    return 0;
  }
  for (const store::Tenant& tenant : store::tenants(store)) {
    const store::ActingTenant acting{store.db(), tenant.tenant_id};
    write_tenant(store, tenant.name, context.out);
  }
  write_store(store, context.out);
  return 0;
}

}  // namespace

void add_stat(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("stat", "Sizes and rows, and what deduplication saves").topic("Upkeep");
  auto& options = command.options<StatOptions>();
  command.flag("--all-tenants", options.all_tenants, "every tenant's, and the store's");
  add_as_of(command, options.as_of);
  command.action([&options](cli::Context& context) { return stat(options, context); });
}

}  // namespace hart::ingest
