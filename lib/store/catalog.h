#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/id.h"
#include "core/json.h"
#include "geometry/point.h"
#include "store/access_level.h"
#include "store/store.h"

namespace hart::store {

/// What a thing is made for, as geometry's Z has it (architecture, section 5).
enum class Modality : int {
  image = 0,
  audio = 1,
  video = 2,
  text = 3,
  tensor = 4,
  code = 5,
  model = 6,
  sensor = 7,
  graph = 8,
};
[[nodiscard]] std::string_view modality_name(Modality modality) noexcept;
[[nodiscard]] std::optional<Modality> find_modality(std::string_view name) noexcept;

/// Whether an atom's value is the content itself or the 40-byte descriptor of something larger.
enum class AtomForm : int { inlined = 0, descriptor = 1 };

struct Atom {
  std::int64_t atom_id = 0;
  Id id;
  AtomForm form = AtomForm::inlined;
  ByteBuffer value;         ///< at most 64 bytes
  std::uint64_t bytes = 0;  ///< length of the content that the id stands for
};

/// A named thing that a tenant holds: one version of a file or record.
struct Object {
  std::int64_t object_id = 0;
  std::string name;
  std::int64_t version = 1;
  std::string version_tag;        ///< empty when none was given
  std::int64_t atom_id = 0;       ///< the file's content
  std::int64_t structure_id = 0;  ///< atom of the document or the model; 0 when there is none
  Id atom;
  std::optional<Id> structure;
  std::string kind;  ///< "document", "model", "file"
  Modality modality = Modality::text;
  std::string subtype;  ///< "markdown", "plain", "gguf", "safetensors"
  std::uint64_t bytes = 0;
  Json metadata = Json::object();
  TimeUs created = 0;
  AccessLevel access = AccessLevel::write;  ///< `read` or `write`: of the rest nothing is seen
};

struct ObjectFilter {
  std::optional<Modality> modality;
  std::string kind;
  std::optional<TimeUs> since;  ///< created at or after
  std::optional<TimeUs> until;  ///< created before
  std::int64_t limit = -1;
};

/// Objects of the acting tenant, oldest first.
void for_each_object(Store& store, const ObjectFilter& filter,
                     const std::function<void(const Object&)>& visit);

/// Resolves what a user typed: `name`, `name@version` (number or tag), a full id, or a prefix
/// of at least 6 hexadecimal digits of one, with or without its namespace. The plain name means
/// the newest version. Throws Error(no_input) when nothing of the acting tenant's matches,
/// Error(data) when a prefix is ambiguous.
[[nodiscard]] Object resolve_object(Store& store, const std::string& reference);
/// The same for any atom the tenant holds: a word, a paragraph, a tensor, or an object's
/// content.
[[nodiscard]] Atom resolve_atom(Store& store, const std::string& reference);

/// Finds atoms that the acting tenant holds, each by one indexed lookup, with a statement
/// prepared once: for many lookups, inside a Snapshot.
class AtomLookup {
 public:
  explicit AtomLookup(Store& store);
  [[nodiscard]] std::optional<Atom> find(const Id& id);

 private:
  Statement find_;
};
/// One lookup.
[[nodiscard]] std::optional<Atom> find_atom(Store& store, const Id& id);
[[nodiscard]] std::optional<Atom> atom_by_id(Store& store, std::int64_t atom_id);

/// A component of a composition, in order.
struct Component {
  std::int64_t position = 0;
  Atom atom;
  std::string name;                          ///< "blk.0", "attn_q.weight"; empty in text
  std::optional<geometry::PointZM> spatial;  ///< where it stands in its parent
};
void for_each_component(Store& store, std::int64_t parent_atom_id,
                        const std::function<void(const Component&)>& visit);

/// Where a passage (a paragraph) stands: the newest object that contains it, and its position.
struct Occurrence {
  Object object;
  std::int64_t position = 0;
  std::optional<geometry::PointZM> spatial;
};
[[nodiscard]] std::optional<Occurrence> find_occurrence(Store& store, std::int64_t atom_id);

/// The text of a passage or document, joined from its leaves. Throws Error(no_input) when the
/// tenant does not hold it, Error(data) when it is no text.
[[nodiscard]] std::string atom_text(Store& store, std::int64_t atom_id);

/// What the acting tenant holds of a modality, for `hart-ingest stat`.
struct ModalityTotals {
  Modality modality;
  std::int64_t objects = 0;
  std::int64_t atoms = 0;
  std::uint64_t bytes = 0;
};
[[nodiscard]] std::vector<ModalityTotals> modality_totals(Store& store);

}  // namespace hart::store
