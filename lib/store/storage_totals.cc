#include "store/storage_totals.h"

namespace hart::store {
namespace {

/// The files of the acting tenant's objects; those of a folder are its components.
constexpr const char* kFiles =
    "(SELECT modality, atom_id FROM my_object"
    " UNION SELECT o.modality, c.component_atom_id FROM my_object AS o"
    " JOIN my_atom_composition AS c ON c.parent_atom_id = o.atom_id)";

std::uint64_t unsigned_integer(const Statement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

ExtentTotals read_totals(const Statement& row, int column) {
  return {unsigned_integer(row, column), unsigned_integer(row, column + 1),
          unsigned_integer(row, column + 2)};
}

constexpr const char* kTotals =
    " COUNT(*), COALESCE(SUM(decoded_bytes), 0), COALESCE(SUM(stored_bytes), 0) ";
constexpr const char* kReached =
    "(SELECT DISTINCT extent_id, decoded_bytes, stored_bytes, codec, hash_kind"
    " FROM my_atom_payload WHERE extent_id IS NOT NULL)";

}  // namespace

std::string_view codec_name(Codec codec) noexcept {
  switch (codec) {
    case Codec::raw:
      return "raw";
    case Codec::zstd:
      return "zstd";
    case Codec::weights:
      return "weights";
    case Codec::weight_delta:
      return "weight_delta";
    case Codec::linked:
      return "linked";
    case Codec::interleaved:
      return "interleaved";
  }
  return "unknown";
}

std::vector<ModalityStorage> storage_by_modality(Store& store) {
  std::vector<ModalityStorage> storage;
  Statement sizes = store.db().prepare(
      "SELECT o.modality, SUM(a.bytes) FROM my_object AS o"
      " JOIN my_atom AS a ON a.atom_id = o.atom_id GROUP BY o.modality ORDER BY o.modality");
  while (sizes.step()) {
    ModalityStorage one;
    one.modality = static_cast<Modality>(sizes.integer(0));
    one.object_bytes = unsigned_integer(sizes, 1);
    storage.push_back(one);
  }
  Statement extents = store.db().prepare(
      std::string{"SELECT"} + kTotals +
      "FROM (SELECT DISTINCT p.extent_id, p.decoded_bytes, p.stored_bytes FROM " + kFiles +
      " AS f JOIN my_atom_payload AS p ON p.atom_id = f.atom_id"
      " WHERE f.modality = ? AND p.extent_id IS NOT NULL)");
  for (ModalityStorage& one : storage) {
    extents.with(static_cast<std::int64_t>(one.modality)).step();
    one.extents = read_totals(extents, 0);
    extents.reset();
  }
  return storage;
}

std::vector<CodecStorage> storage_by_codec(Store& store) {
  std::vector<CodecStorage> storage;
  Statement rows = store.db().prepare(std::string{"SELECT codec,"} + kTotals + "FROM " +
                                      kReached + " GROUP BY codec ORDER BY codec");
  while (rows.step())
    storage.push_back({static_cast<Codec>(rows.integer(0)), read_totals(rows, 1)});
  return storage;
}

TenantStorage tenant_storage(Store& store) {
  TenantStorage storage;
  Statement extents = store.db().prepare(
      std::string{"SELECT COALESCE(SUM(hash_kind = 0), 0),"} + kTotals + "FROM " + kReached);
  extents.step();
  storage.chunks = unsigned_integer(extents, 0);
  storage.extents = read_totals(extents, 1);
  Statement objects = store.db().prepare(
      "SELECT COUNT(*), COALESCE(SUM(a.bytes), 0) FROM my_object AS o"
      " JOIN my_atom AS a ON a.atom_id = o.atom_id");
  objects.step();
  storage.objects = objects.integer(0);
  storage.object_bytes = unsigned_integer(objects, 1);
  storage.dedup = dedup_scope(store) != 0 ? Dedup::private_only : Dedup::shared;
  return storage;
}

StoreStorage store_storage(Store& store) {
  Connection& db = store.db();
  StoreStorage storage;
  storage.tenants = db.query_integer("SELECT COUNT(*) FROM tenant");
  storage.atoms = db.query_integer("SELECT COUNT(*) FROM atom");
  Statement objects = db.prepare(
      "SELECT COUNT(*), COALESCE(SUM(a.bytes), 0) FROM tenant_object AS o"
      " JOIN atom AS a ON a.atom_id = o.atom_id",
      Scope::owner);
  objects.step();
  storage.objects = objects.integer(0);
  storage.object_bytes = unsigned_integer(objects, 1);
  Statement extents = db.prepare(std::string{"SELECT"} + kTotals + "FROM extent", Scope::owner);
  extents.step();
  storage.extents = read_totals(extents, 0);
  Statement holes = db.prepare(
      "SELECT COALESCE(SUM(bytes * freed), 0), COALESCE(SUM(bytes * (1 - freed)), 0)"
      " FROM pack_hole",
      Scope::owner);
  holes.step();
  storage.bytes_free = unsigned_integer(holes, 0);
  storage.bytes_waiting = unsigned_integer(holes, 1);
  return storage;
}

}  // namespace hart::store
