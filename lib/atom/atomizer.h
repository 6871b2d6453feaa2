#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "atom/atomize.h"
#include "atom/identity.h"

namespace hart::atom {

/// Bytes read, hashed or written at a time: what a mapped file keeps resident.
inline constexpr std::size_t kWindowBytes = std::size_t{8} << 20;

/// A whole file as bytes, with a way to let its pages go once they were read.
class Source {
 public:
  Source(ByteView bytes, const MappedFile* file, std::string path = {})
      : bytes_{bytes}, file_{file}, path_{std::move(path)} {}

  [[nodiscard]] ByteView bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return bytes_.size(); }
  /// Empty when the bytes are no file's.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Visits [offset, offset + size) window by window, letting each go afterwards.
  template <typename Visit>
  void windows(std::uint64_t offset, std::uint64_t size, const Visit& visit) const {
    for (std::uint64_t at = offset; at < offset + size;) {
      const std::uint64_t part = std::min<std::uint64_t>(kWindowBytes, offset + size - at);
      visit(bytes_.subspan(at, part));
      drop(at, part);
      at += part;
    }
  }
  void drop(std::uint64_t offset, std::uint64_t size) const noexcept {
    if (file_ != nullptr) file_->drop(offset, size);
  }

 private:
  ByteView bytes_;
  const MappedFile* file_;
  std::string path_;
};

/// What both atomizers need: one object's atoms, each held once.
class ObjectAtoms {
 public:
  ObjectAtoms(store::CatalogWriter& writer) : writer_{writer} {}

  /// Adds (or finds) bytes of at most 64 as an atom and holds it.
  std::int64_t put_leaf(ByteView bytes, store::Modality modality, std::string_view subtype);
  /// Adds (or finds) a structure; `created` tells whether its parts must be written.
  std::int64_t put_structure(const Descriptor& descriptor, std::uint64_t bytes, bool& created);
  /// The atom of a whole file: inlined when it fits.
  std::int64_t put_file(const Id& id, ByteView bytes);
  /// Holds an atom for this object, once. True when the tenant did not hold it before.
  bool hold(std::int64_t atom_id, store::Modality modality, std::string_view subtype);

 private:
  store::CatalogWriter& writer_;
  std::unordered_set<std::int64_t> held_;
};

/// zstd's level for a choice of the user's; 0 stores raw.
[[nodiscard]] int compression_level(Compression compression) noexcept;

/// A model file's payload below this position is its header; tensors and what stands between
/// them begin here (`hart-store.5`).
inline constexpr std::int64_t kFirstTensorPosition = std::int64_t{1} << 20;

/// Stores [offset, offset + size) of a file, which is no tensor, cut into chunks by its
/// content, as the payload of `atom_id` from `position` on. Zeros are not stored. Returns the
/// next position.
std::int64_t put_pieces(store::CatalogWriter& writer, const Source& source,
                        std::int64_t atom_id, std::int64_t position, std::uint64_t offset,
                        std::uint64_t size, int level);

/// The object that `result` describes so far, without its atoms.
[[nodiscard]] store::CatalogWriter::NewObject new_object(const Atomized& result,
                                                         const AtomizeOptions& options,
                                                         const char* atomizer);
/// When the file is the newest version of its name already: what to answer, nothing written.
[[nodiscard]] std::optional<Atomized> find_unchanged(store::Store& store,
                                                     store::CatalogWriter& writer,
                                                     store::CatalogWriter::NewObject object,
                                                     const Atomized& result);

Atomized atomize_text(store::Store& store, store::CatalogWriter& writer, const Source& source,
                      formats::FileFormat format, const Id& file_id,
                      const AtomizeOptions& options, const PassageVisitor& passage);
Atomized atomize_model_file(store::Store& store, store::CatalogWriter& writer,
                            const Source& source, formats::FileFormat format,
                            const AtomizeOptions& options);

}  // namespace hart::atom
