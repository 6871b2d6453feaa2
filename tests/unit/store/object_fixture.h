#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/sha256.h"
#include "store/catalog_writer.h"
#include "store/store.h"
#include "support/scratch_store.h"

namespace hart::test {

inline const store::SchemaModule kCatalogOnly[] = {store::catalog_schema()};

inline Id content_of(std::string_view text) {
  return {IdSpace::content, crypto::sha256(as_bytes(text))};
}

/// A document as the atomizer would write it, in the smallest way: its file, a structure over
/// its words, and the words.
struct Document {
  std::string name;
  std::vector<std::string> words;
  std::string tag;
  Json metadata;

  [[nodiscard]] std::string text() const {
    std::string joined;
    for (const std::string& word : words) joined += word;
    return joined;
  }
};

/// Adds it inside the caller's transaction. Returns its version.
inline std::int64_t put_document(store::CatalogWriter& writer, const Document& document) {
  using store::AtomForm;
  using store::Modality;
  const std::string text = document.text();
  const Id file = content_of("file of " + text);
  const Id structure{IdSpace::structure, content_of("structure of " + text).hash};
  store::CatalogWriter::NewObject object;
  object.atom_id = writer.put_atom(file, AtomForm::descriptor, ByteBuffer(40, 0), text.size());
  if (!text.empty())
    writer.put_payload(object.atom_id, 0,
                       writer.put_extent(crypto::sha256(as_bytes(text)), as_bytes(text), 0),
                       text.size());
  object.structure_id =
      writer.put_atom(structure, AtomForm::descriptor, ByteBuffer(40, 5), text.size());
  std::vector<std::int64_t> held{object.atom_id, object.structure_id};
  for (std::size_t i = 0; i < document.words.size(); ++i) {
    const std::string& word = document.words[i];
    const std::int64_t atom_id =
        writer.put_atom(content_of(word), AtomForm::inlined, as_bytes(word), word.size());
    writer.put_component(object.structure_id, static_cast<std::int64_t>(i), atom_id, {}, {});
    if (std::find(held.begin(), held.end(), atom_id) == held.end()) held.push_back(atom_id);
  }
  for (const std::int64_t atom_id : held) writer.hold_atom(atom_id, Modality::text, "word");
  object.name = document.name;
  object.version_tag = document.tag;
  object.kind = "document";
  object.modality = Modality::text;
  object.subtype = "plain";
  object.atomizer = "test/1";
  object.metadata = document.metadata;
  return writer.put_object(object);
}

/// The same in a transaction of its own.
inline std::int64_t add_document(store::Store& store, const Document& document) {
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  const std::int64_t version = put_document(writer, document);
  transaction.commit();
  return version;
}

}  // namespace hart::test
