#include "atom/atomize.h"

#include <algorithm>

#include "atom/atomizer.h"
#include "atom/chunker.h"
#include "atom/steady_file.h"
#include "core/error.h"
#include "crypto/sha256.h"
#include "formats/utf8.h"

namespace hart::atom {
namespace {

constexpr int kFastLevel = 3;
constexpr int kBestLevel = 15;

[[noreturn]] void refuse_unknown(ByteView bytes) {
  constexpr const char* kExpected = ", expected a GGUF or SafeTensors model or UTF-8 text";
  const std::size_t head = std::min(bytes.size(), formats::kDetectBytes);
  const std::size_t valid = formats::validate_utf8(bytes);
  if (valid < bytes.size())
    throw Error{Fault::data,
                "invalid UTF-8 at byte offset " + std::to_string(valid) + kExpected};
  const auto control = std::find_if(
      bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(head), [](std::uint8_t byte) {
        return (byte < 32 && byte != '\t' && byte != '\n' && byte != '\f' && byte != '\r' &&
                byte != 27) ||
               byte == 127;
      });
  throw Error{Fault::data, "control character at byte offset " +
                               std::to_string(control - bytes.begin()) + kExpected};
}

/// Before anything is written: the caller may go on with other files of the batch.
void check_modality(const std::optional<store::Modality>& wanted, formats::FileFormat format) {
  if (!wanted) return;
  const bool text =
      format == formats::FileFormat::markdown || format == formats::FileFormat::plain;
  const store::Modality found = text ? store::Modality::text : store::Modality::model;
  if (*wanted != found)
    throw Error{Fault::data, "is a " + std::string{store::modality_name(found)} + ", not a " +
                                 std::string{store::modality_name(*wanted)}};
}

Atomized dispatch(store::Store& store, store::CatalogWriter& writer, const Source& source,
                  const AtomizeOptions& options, const PassageVisitor& passage) {
  const ByteView head =
      source.bytes().first(std::min(source.bytes().size(), formats::kDetectBytes));
  const formats::FileFormat format = formats::detect(head, source.size());
  if (format != formats::FileFormat::unknown) check_modality(options.modality, format);
  switch (format) {
    case formats::FileFormat::gguf:
    case formats::FileFormat::safetensors:
      return atomize_model_file(store, writer, source, format, options);
    case formats::FileFormat::markdown:
    case formats::FileFormat::plain: {
      crypto::Sha256 hash;
      source.windows(0, source.size(), [&](ByteView window) {
        hash.update(window);
        if (options.progress) options.progress(window.size());
      });
      return atomize_text(store, writer, source, format, {IdSpace::content, hash.finish()},
                          options, passage);
    }
    case formats::FileFormat::unknown:
      break;
  }
  refuse_unknown(source.bytes());
}

}  // namespace

std::int64_t ObjectAtoms::put_leaf(ByteView bytes, store::Modality modality,
                                   std::string_view subtype) {
  const std::int64_t atom_id =
      writer_.put_atom(content_id(bytes), store::AtomForm::inlined, bytes, bytes.size());
  hold(atom_id, modality, subtype);
  return atom_id;
}

std::int64_t ObjectAtoms::put_structure(const Descriptor& descriptor, std::uint64_t bytes,
                                        bool& created) {
  return writer_.put_atom(structure_id(descriptor), store::AtomForm::descriptor,
                          encode(descriptor), bytes, &created);
}

std::int64_t ObjectAtoms::put_file(const Id& id, ByteView bytes) {
  constexpr std::size_t kMaxInlined = 64;
  if (bytes.size() <= kMaxInlined)
    return writer_.put_atom(id, store::AtomForm::inlined, bytes, bytes.size());
  return writer_.put_atom(id, store::AtomForm::descriptor,
                          encode({Kind::content, bytes.size(), id.hash}), bytes.size());
}

bool ObjectAtoms::hold(std::int64_t atom_id, store::Modality modality,
                       std::string_view subtype) {
  if (!held_.insert(atom_id).second) return false;
  return writer_.hold_atom(atom_id, modality, subtype);
}

int compression_level(Compression compression) noexcept {
  switch (compression) {
    case Compression::none:
      return 0;
    case Compression::fast:
      return kFastLevel;
    case Compression::best:
      return kBestLevel;
  }
  return kFastLevel;
}

std::int64_t put_pieces(store::CatalogWriter& writer, const Source& source,
                        std::int64_t atom_id, std::int64_t position, std::uint64_t offset,
                        std::uint64_t size, int level) {
  for (std::uint64_t at = offset; at < offset + size; ++position) {
    const std::uint64_t left = std::min<std::uint64_t>(kLargestChunk, offset + size - at);
    const std::uint64_t part = chunk_length(source.bytes().subspan(at, left));
    const ByteView piece = source.bytes().subspan(at, part);
    const bool zeros = std::all_of(piece.begin(), piece.end(), [](auto b) { return b == 0; });
    std::optional<store::ExtentRecord> extent;
    if (!zeros) extent = writer.put_extent(crypto::sha256(piece), piece, level);
    writer.put_payload(atom_id, position, extent, part);
    source.drop(at, part);
    at += part;
  }
  return position;
}

store::CatalogWriter::NewObject new_object(const Atomized& result,
                                           const AtomizeOptions& options,
                                           const char* atomizer) {
  store::CatalogWriter::NewObject object;
  object.name = options.name;
  object.version_tag = options.version_tag;
  object.kind = result.kind;
  object.modality = result.modality;
  object.subtype = result.subtype;
  object.atomizer = atomizer;
  object.source_uri = options.source_uri;
  object.metadata = options.metadata;
  return object;
}

std::optional<Atomized> find_unchanged(store::Store& store, store::CatalogWriter& writer,
                                       store::CatalogWriter::NewObject object,
                                       const Atomized& result) {
  const auto known = store::find_atom(store, result.atom);
  if (!known) return std::nullopt;
  object.atom_id = known->atom_id;
  const auto version = writer.same_as_newest(object);
  if (!version) return std::nullopt;
  const store::Object stored =
      store::resolve_object(store, object.name + "@" + std::to_string(*version));
  Atomized unchanged = result;
  unchanged.version = *version;
  unchanged.unchanged = true;
  unchanged.structure = stored.structure;
  unchanged.totals.atoms = store::reachable_atoms(store, stored).size();
  return unchanged;
}

Atomized atomize(store::Store& store, store::CatalogWriter& writer, ByteView bytes,
                 const AtomizeOptions& options, const PassageVisitor& passage) {
  return dispatch(store, writer, Source{bytes, nullptr}, options, passage);
}

Atomized atomize(store::Store& store, store::CatalogWriter& writer, const MappedFile& file,
                 const AtomizeOptions& options, const PassageVisitor& passage) {
  const SteadyFile steady{options.source_uri};
  Atomized added = dispatch(store, writer, Source{file.bytes(), &file, options.source_uri},
                            options, passage);
  steady.require_steady();
  return added;
}

}  // namespace hart::atom
