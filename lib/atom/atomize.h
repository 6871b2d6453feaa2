#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/mapped_file.h"
#include "formats/detect.h"
#include "store/catalog_writer.h"

namespace hart::atom {

enum class Compression { none, fast, best };

/// Whether a text's words and paragraphs become rows.
enum class Materialize { automatic, all, none };

struct AtomizeOptions {
  std::string name;
  std::string version_tag;
  std::string source_uri;
  Json metadata;  ///< null: none
  Compression compression = Compression::fast;
  Materialize materialize = Materialize::automatic;  ///< up to `kMaxMaterializedText`
  /// What the bytes must be; any modality when absent.
  std::optional<store::Modality> modality;
  unsigned threads = 1;
  /// Share the model file that `source_uri` names instead of copying its tensors, where the
  /// file system can: they stay raw, and without reflinks the file must not be changed
  /// afterwards.
  bool link = false;
  /// Called with the number of bytes that were read since the last call.
  std::function<void(std::uint64_t bytes)> progress;
};

/// Texts beyond this are kept and found as a whole: their words would be rows by the million.
inline constexpr std::uint64_t kMaxMaterializedText = std::uint64_t{64} << 20;

/// What `add` says about one object.
struct Atomized {
  Id atom;                      ///< the file's content: what sha256sum prints
  std::optional<Id> structure;  ///< the document or the model
  std::string name;
  std::int64_t version = 0;
  std::string kind;  ///< "document", "model"
  store::Modality modality = store::Modality::text;
  std::string subtype;  ///< "plain", "markdown", "gguf", "safetensors"
  std::uint64_t bytes = 0;
  store::ObjectTotals totals;
  bool unchanged = false;  ///< this content was already the newest version of this name
};

/// A passage that the tenant did not hold before: to be indexed and embedded.
using PassageVisitor = std::function<void(std::int64_t atom_id, std::string_view text)>;

/// Takes bytes apart into atoms, compositions and extents, inside the caller's
/// WriteTransaction. The type follows from the content: GGUF, SafeTensors, Markdown or plain
/// UTF-8 text. Nothing is acknowledged before the transaction commits. Throws Error(data) when
/// the bytes are malformed or none of these, naming the offset and what was expected.
///
/// Memory: bounded by the largest header or paragraph, the ids of the object's distinct atoms
/// and 8 MiB windows over the file; not by the file's size.
[[nodiscard]] Atomized atomize(store::Store& store, store::CatalogWriter& writer,
                               ByteView bytes, const AtomizeOptions& options,
                               const PassageVisitor& passage);
/// The same for a mapped file, whose pages are let go as they have been read. Throws
/// Error(data), too, when the file that `source_uri` names was written to meanwhile.
[[nodiscard]] Atomized atomize(store::Store& store, store::CatalogWriter& writer,
                               const MappedFile& file, const AtomizeOptions& options,
                               const PassageVisitor& passage);

/// A folder that is one model (`is_model_folder`): its files' bytes, its weights as one model,
/// one object whose atom is the folder's (`tree:`). Throws as atomize, naming the file.
[[nodiscard]] Atomized atomize_folder(store::Store& store, store::CatalogWriter& writer,
                                      const std::string& root, const AtomizeOptions& options);

}  // namespace hart::atom
