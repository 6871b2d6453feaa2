#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/endian.h"
#include "crypto/sha256.h"
#include "store/catalog_writer.h"
#include "store/fsck.h"
#include "support/scratch_store.h"

namespace hart::test {

inline const store::SchemaModule kLifecycleModules[] = {store::catalog_schema()};

/// The 40 bytes of hart-store(5).
inline ByteBuffer descriptor(std::uint8_t kind, std::uint64_t count, const Hash256& root) {
  ByteBuffer bytes{kind, 1};
  for (int i = 0; i < 6; ++i) bytes.push_back(static_cast<std::uint8_t>(count >> (8 * i)));
  bytes.insert(bytes.end(), root.begin(), root.end());
  return bytes;
}

/// The words of a text that no other seed shares, 40 bytes each.
inline std::vector<std::string> words_of(const std::string& seed, std::size_t count) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < count; ++i) {
    words.push_back(seed + "-" + std::to_string(i) + "-");
    words.back().resize(40, 'x');
  }
  return words;
}

inline std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word;
  return text;
}

/// A document over words in which `store::fsck` finds nothing wrong: file, a paragraph as its
/// structure, words, and one raw extent for the text.
inline void put_sound_document(store::CatalogWriter& writer, const std::string& name,
                               const std::vector<std::string>& words,
                               store::Modality modality = store::Modality::text) {
  using store::AtomForm;
  const std::string text = joined(words);
  const Hash256 hash = crypto::sha256(as_bytes(text));
  std::vector<std::int64_t> held;
  store::CatalogWriter::NewObject object;
  object.atom_id = writer.put_atom({IdSpace::content, hash}, AtomForm::descriptor,
                                   descriptor(0, text.size(), hash), text.size());
  writer.put_payload(object.atom_id, 0, writer.put_extent(hash, as_bytes(text), 0),
                     text.size());
  std::vector<std::int64_t> leaves;
  for (const std::string& word : words)
    leaves.push_back(writer.put_atom({IdSpace::content, crypto::sha256(as_bytes(word))},
                                     AtomForm::inlined, as_bytes(word), word.size()));
  const ByteBuffer structure = descriptor(4, words.size(), hash);
  bool created = false;
  object.structure_id = writer.put_atom({IdSpace::structure, crypto::sha256(structure)},
                                        AtomForm::descriptor, structure, text.size(), &created);
  for (std::size_t i = 0; i < leaves.size(); ++i)
    writer.put_component(object.structure_id, static_cast<std::int64_t>(i), leaves[i], {}, {});
  leaves.push_back(object.atom_id);
  leaves.push_back(object.structure_id);
  std::sort(leaves.begin(), leaves.end());
  leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
  for (const std::int64_t atom_id : leaves) writer.hold_atom(atom_id, modality, "word");
  object.name = name;
  object.modality = modality;
  object.kind = "document";
  object.subtype = "plain";
  object.atomizer = "test/1";
  writer.put_object(object);
}

inline void add_sound_document(store::Store& store, const std::string& name,
                               const std::vector<std::string>& words,
                               store::Modality modality = store::Modality::text) {
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  put_sound_document(writer, name, words, modality);
  transaction.commit();
}

inline void remove_document(store::Store& store, const std::string& name) {
  store::WriteTransaction transaction{store};
  static_cast<void>(store::remove_object(store, store::resolve_object(store, name)));
  transaction.commit();
}

inline std::int64_t count_rows(store::Store& store, const std::string& table) {
  return store.db().query_integer("SELECT COUNT(*) FROM " + table);
}

/// The findings of a full check, one a line; empty when there are none.
inline std::string problems(store::Store& store) {
  std::string lines;
  store::fsck(store, {}, [&](const store::Finding& finding) {
    lines += finding.where + ": " + finding.what + "\n";
  });
  return lines;
}

}  // namespace hart::test
