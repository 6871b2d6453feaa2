#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/id.h"
#include "core/json.h"
#include "geometry/point.h"
#include "store/catalog.h"
#include "store/hiding.h"
#include "store/packs.h"

namespace hart::store {

/// What one object brought, as the acting tenant sees it: another tenant's holdings never show.
struct ObjectTotals {
  std::uint64_t atoms = 0;         ///< distinct atoms of the object
  std::uint64_t new_atoms = 0;     ///< of which the tenant held none before
  std::uint64_t new_bytes = 0;     ///< decoded bytes of extents the tenant did not reach before
  std::uint64_t stored_bytes = 0;  ///< what these extents take in the packs
};

/// A structure's own facts, for `CatalogWriter::put_model`.
struct ModelRow {
  std::int64_t atom_id = 0;
  std::string architecture;
  std::string format;
  std::uint64_t parameters = 0;
};

struct TensorRow {
  std::int64_t model_atom_id = 0;
  std::int64_t position = 0;
  std::int64_t tensor_atom_id = 0;
  std::string name;
  std::uint32_t dtype = 0;
  std::string shape;  ///< JSON array, innermost dimension first
  ByteBuffer weights_geometry;
};

/// Writes atoms, compositions, extents and objects inside one WriteTransaction. Statements and
/// ids are kept for the writer's life, so one writer serves a whole batch. All writes are
/// idempotent: what is already there is found, not doubled; for a tenant whose deduplication is
/// private, what is there for that tenant.
class CatalogWriter {
 public:
  explicit CatalogWriter(Store& store);
  ~CatalogWriter();
  CatalogWriter(const CatalogWriter&) = delete;
  CatalogWriter& operator=(const CatalogWriter&) = delete;

  /// Finds or adds an atom. `value` is the content (at most 64 bytes) or the descriptor.
  /// `created`, when given, tells whether the row is new: then its composition and payload must
  /// be written.
  std::int64_t put_atom(const Id& id, AtomForm form, ByteView value, std::uint64_t bytes,
                        bool* created = nullptr);
  void put_component(std::int64_t parent_atom_id, std::int64_t position,
                     std::int64_t component_atom_id, std::string_view name,
                     const geometry::PointZM& spatial);

  /// Counts one more object of the acting tenant that holds the atom: call once per object and
  /// distinct atom. True when the tenant did not hold it before, or what it held was hidden
  /// from it. The totals count it.
  bool hold_atom(std::int64_t atom_id, Modality modality, std::string_view subtype);

  /// The extent with this hash, if it is stored.
  [[nodiscard]] std::optional<ExtentRecord> find_extent(const Hash256& hash,
                                                        HashKind kind = HashKind::content);
  /// Finds or appends an extent whose decoded bytes are `decoded`, named by their SHA-256;
  /// `level` is zstd's, 0 stores them raw.
  ExtentRecord put_extent(const Hash256& hash, ByteView decoded, int level,
                          const Packs::Written& written = {});
  /// Finds or appends an extent that is coded already: `what` says digest, decoded size, codec
  /// and base.
  ExtentRecord put_coded_extent(const ExtentRecord& what, ByteView stored,
                                const Packs::Written& written = {});
  /// The same with stored bytes that come in pieces, which are asked for only when they are
  /// new.
  ExtentRecord put_coded_extent(const ExtentRecord& what, const Packs::Pieces& next);
  /// Shares a file of the user's as a pack of its own, where the file system can. Its id.
  /// Throws Error(usage) in a store whose payload is encrypted.
  [[nodiscard]] std::optional<std::int64_t> link_file(const std::string& path,
                                                      std::uint64_t bytes);
  /// Finds the extent, or adds `what` as it is: codec `linked`, its place in a linked pack, its
  /// checksum.
  ExtentRecord put_linked_extent(ExtentRecord what);
  /// The parts of an atom's bytes, whoever holds the atom: what `put_payload` set.
  struct Part {
    std::optional<ExtentRecord> extent;  ///< none: zeros
    std::uint64_t extent_offset = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] std::vector<Part> payload_of(std::int64_t atom_id);
  /// Counts the extents of a payload that is there already, in the place of `put_payload`: how
  /// an earlier version cut the same bytes into parts stays. False when there is none.
  bool count_payload(std::int64_t atom_id);
  /// Sets part `position` of the atom's bytes; without an extent, `bytes` zeros. Call it before
  /// `hold_atom` for the same atom, whether or not the atom is new: the totals count the
  /// extents that the tenant did not reach until now.
  void put_payload(std::int64_t atom_id, std::int64_t position,
                   const std::optional<ExtentRecord>& extent, std::uint64_t bytes,
                   std::uint64_t extent_offset = 0);
  void put_model(const ModelRow& row);
  void put_layer(std::int64_t model_atom_id, std::int64_t index, std::int64_t layer_atom_id,
                 std::string_view name, std::uint64_t parameters);
  void put_tensor(const TensorRow& row);

  struct NewObject {
    std::string name;
    std::string version_tag;
    std::int64_t atom_id = 0;
    std::int64_t structure_id = 0;  ///< 0: none
    std::string kind;
    Modality modality = Modality::text;
    std::string subtype;
    std::string atomizer;  ///< name and version of the view, as "text/1"
    std::string source_uri;
    Json metadata;  ///< null: none
  };
  /// Adds the next version of a name. Returns it.
  std::int64_t put_object(const NewObject& object);
  /// The newest version under the name, when it has this content, metadata and tag: adding it
  /// again would change nothing.
  [[nodiscard]] std::optional<std::int64_t> same_as_newest(const NewObject& object);

  /// Totals since the last call, which starts them anew.
  ObjectTotals take_totals();

 private:
  struct Statements;
  Store& store_;
  std::unique_ptr<Statements> sql_;
  Hiding hiding_;
  void count_extent(const ExtentRecord& extent);
  /// The base of a difference, where it is needed to seal it.
  [[nodiscard]] std::optional<ExtentRecord> base_to_seal(const ExtentRecord& what);
  ExtentRecord add_appended(const ExtentRecord& extent);
  ExtentRecord add_extent_row(ExtentRecord extent);

  std::unordered_map<std::string, std::int64_t> atom_ids_;
  std::unordered_set<std::int64_t> counted_extents_;
  ObjectTotals totals_;
  TimeUs now_;
  std::int64_t scope_;  ///< in which atoms and extents are looked up and added
};

/// Drops one object of the acting tenant: its name and version, and the tenant's hold on every
/// atom that no other object of the tenant's contains. Bytes stay until `gc`. Inside a
/// WriteTransaction. Returns the atoms no longer held, for indexes that must forget them.
std::vector<std::int64_t> remove_object(Store& store, const Object& object);

/// The atoms of an object: its file, its structure and all that is below it.
[[nodiscard]] std::vector<std::int64_t> reachable_atoms(Store& store, const Object& object);

}  // namespace hart::store
