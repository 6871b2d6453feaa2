#include "atom/atomizer.h"
#include "core/error.h"
#include "formats/text.h"
#include "formats/utf8.h"

namespace hart::atom {
namespace {

using store::Modality;

constexpr const char* kTextAtomizer = "text/1";

std::string_view leaf_subtype(formats::LeafKind kind) noexcept {
  switch (kind) {
    case formats::LeafKind::word:
      return "word";
    case formats::LeafKind::space:
      return "space";
    case formats::LeafKind::punctuation:
      return "punctuation";
  }
  return "word";
}

std::string_view paragraph_subtype(formats::ParagraphKind kind) noexcept {
  switch (kind) {
    case formats::ParagraphKind::heading:
      return "heading";
    case formats::ParagraphKind::code:
      return "code";
    default:
      return "paragraph";
  }
}

/// UTF-8 code points: bytes that do not continue another.
std::uint64_t count_characters(ByteView bytes) noexcept {
  std::uint64_t count = 0;
  for (const std::uint8_t byte : bytes) count += (byte & 0xc0) != 0x80;
  return count;
}

/// A component of the document, kept until the document's own atom is known.
struct DocumentPart {
  std::int64_t atom_id;
  std::uint64_t column;
  std::uint64_t line;
  std::uint64_t character;
};

class TextAtomizer {
 public:
  TextAtomizer(store::CatalogWriter& writer, const PassageVisitor& passage)
      : writer_{writer}, atoms_{writer}, passage_{passage} {}

  void add_paragraph(const formats::Paragraph& paragraph,
                     std::span<const formats::TextLeaf> leaves);
  /// The document over all paragraphs so far.
  std::int64_t finish(std::uint64_t bytes, std::string_view subtype, Id& id);

  [[nodiscard]] ObjectAtoms& atoms() noexcept { return atoms_; }

 private:
  void add_blank(std::span<const formats::TextLeaf> leaves);
  void write_components(std::int64_t paragraph_id, std::span<const formats::TextLeaf> leaves,
                        std::span<const std::int64_t> leaf_ids);
  void add_part(std::int64_t atom_id, const Id& id, const formats::TextLeaf& first);

  store::CatalogWriter& writer_;
  ObjectAtoms atoms_;
  const PassageVisitor& passage_;
  CompositeBuilder document_{Kind::document};
  std::vector<DocumentPart> parts_;
  std::uint64_t character_ = 0;
};

void TextAtomizer::add_part(std::int64_t atom_id, const Id& id,
                            const formats::TextLeaf& first) {
  document_.add(id);
  parts_.push_back({atom_id, first.column, first.line, character_});
}

/// White space between paragraphs stands in the document itself, so that a paragraph is the
/// same whatever stands around it.
void TextAtomizer::add_blank(std::span<const formats::TextLeaf> leaves) {
  for (const formats::TextLeaf& leaf : leaves) {
    add_part(atoms_.put_leaf(leaf.bytes, Modality::text, leaf_subtype(leaf.kind)),
             content_id(leaf.bytes), leaf);
    character_ += count_characters(leaf.bytes);
  }
}

void TextAtomizer::add_paragraph(const formats::Paragraph& paragraph,
                                 std::span<const formats::TextLeaf> leaves) {
  if (paragraph.kind == formats::ParagraphKind::blank) return add_blank(leaves);
  CompositeBuilder composite{Kind::paragraph};
  std::vector<std::int64_t> leaf_ids;
  leaf_ids.reserve(leaves.size());
  for (const formats::TextLeaf& leaf : leaves) {
    composite.add(content_id(leaf.bytes));
    leaf_ids.push_back(atoms_.put_leaf(leaf.bytes, Modality::text, leaf_subtype(leaf.kind)));
  }
  const Descriptor descriptor = composite.describe();
  bool created = false;
  const std::int64_t paragraph_id =
      atoms_.put_structure(descriptor, paragraph.bytes.size(), created);
  if (created) write_components(paragraph_id, leaves, leaf_ids);
  if (atoms_.hold(paragraph_id, Modality::text, paragraph_subtype(paragraph.kind)) && passage_)
    passage_(paragraph_id, as_text(paragraph.bytes));
  add_part(paragraph_id, structure_id(descriptor), leaves.front());
  character_ += count_characters(paragraph.bytes);
}

void TextAtomizer::write_components(std::int64_t paragraph_id,
                                    std::span<const formats::TextLeaf> leaves,
                                    std::span<const std::int64_t> leaf_ids) {
  // Places are relative to the paragraph: it is one atom wherever it stands.
  const std::uint64_t first_line = leaves.front().line;
  const std::uint64_t first_column = leaves.front().column;
  std::uint64_t character = 0;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const std::uint64_t line = leaves[i].line - first_line + 1;
    const std::uint64_t column =
        line == 1 ? leaves[i].column - first_column + 1 : leaves[i].column;
    writer_.put_component(paragraph_id, static_cast<std::int64_t>(i), leaf_ids[i], {},
                          {static_cast<double>(column), static_cast<double>(line), 0,
                           static_cast<double>(character)});
    character += count_characters(leaves[i].bytes);
  }
}

std::int64_t TextAtomizer::finish(std::uint64_t bytes, std::string_view subtype, Id& id) {
  const Descriptor descriptor = document_.describe();
  id = structure_id(descriptor);
  bool created = false;
  const std::int64_t document_id = atoms_.put_structure(descriptor, bytes, created);
  if (created)
    for (std::size_t i = 0; i < parts_.size(); ++i)
      writer_.put_component(
          document_id, static_cast<std::int64_t>(i), parts_[i].atom_id, {},
          {static_cast<double>(parts_[i].column), static_cast<double>(parts_[i].line), 0,
           static_cast<double>(parts_[i].character)});
  atoms_.hold(document_id, Modality::text, subtype);
  return document_id;
}

/// Checks a text that is not taken apart, window by window: a sequence may be cut between two.
void check_utf8(const Source& source) {
  std::uint64_t begin = 0;
  while (begin < source.size()) {
    const ByteView window = source.bytes().subspan(
        begin, std::min<std::uint64_t>(kWindowBytes, source.size() - begin));
    const std::uint64_t valid = formats::validate_utf8(window);
    const bool cut = window.size() - valid < 4 && begin + window.size() < source.size();
    if (valid == 0 || (valid < window.size() && !cut))
      throw Error{Fault::data, "invalid UTF-8 at byte offset " + std::to_string(begin + valid)};
    source.drop(begin, valid);
    begin += valid;
  }
}

}  // namespace

Atomized atomize_text(store::Store& store, store::CatalogWriter& writer, const Source& source,
                      formats::FileFormat format, const Id& file_id,
                      const AtomizeOptions& options, const PassageVisitor& passage) {
  Atomized result;
  result.atom = file_id;
  result.name = options.name;
  result.kind = "document";
  result.modality = Modality::text;
  result.subtype = formats::file_format_name(format);
  result.bytes = source.size();

  store::CatalogWriter::NewObject object = new_object(result, options, kTextAtomizer);
  if (auto unchanged = find_unchanged(store, writer, object, result)) return *unchanged;

  const auto syntax = format == formats::FileFormat::markdown ? formats::TextSyntax::markdown
                                                              : formats::TextSyntax::plain;
  const bool materialize =
      options.materialize == Materialize::all ||
      (options.materialize == Materialize::automatic && source.size() <= kMaxMaterializedText);
  // Made first: both refuse what is not UTF-8 before anything is written.
  std::optional<formats::TextSegmenter> segmenter;
  if (materialize) {
    segmenter.emplace(source.bytes(), syntax);
  } else {
    check_utf8(source);
  }
  TextAtomizer atomizer{writer, passage};
  object.atom_id = atomizer.atoms().put_file(file_id, source.bytes());
  if (!writer.count_payload(object.atom_id))
    put_pieces(writer, source, object.atom_id, 0, 0, source.size(),
               compression_level(options.compression));
  if (materialize) {
    std::vector<formats::TextLeaf> leaves;
    while (const auto paragraph = segmenter->next(leaves)) {
      atomizer.add_paragraph(*paragraph, leaves);
      leaves.clear();
    }
    Id document;
    object.structure_id = atomizer.finish(source.size(), result.subtype, document);
    result.structure = document;
  }
  atomizer.atoms().hold(object.atom_id, Modality::text, "file");
  result.version = writer.put_object(object);
  result.totals = writer.take_totals();
  return result;
}

}  // namespace hart::atom
