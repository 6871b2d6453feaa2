#include "store/text_reader.h"

#include <vector>

#include "core/error.h"
#include "core/id.h"
#include "store/catalog.h"

namespace hart::store {
namespace {

/// Of at most 64 bytes each. Beyond, all are forgotten: the common ones come again soon.
constexpr std::size_t kMaxLeaves = 65'536;

}  // namespace

TextReader::TextReader(Store& store)
    : atom_{store.db().prepare(
          "SELECT form, bytes, space, hash, value FROM my_atom WHERE atom_id = ?")},
      // As the owner, since the view would look up at every row whether the tenant holds the
      // parent: that is known then, and what an atom is composed of never changes.
      components_{store.db().prepare("SELECT component_atom_id FROM atom_composition"
                                     " WHERE parent_atom_id = ? ORDER BY position",
                                     Scope::owner)} {}

std::string TextReader::text(std::int64_t atom_id) {
  std::string text;
  const Found found = append_leaf(atom_id, text);
  if (found == Found::nothing) throw Error{Fault::no_input, "no such atom is held"};
  if (found == Found::composed) append_components(atom_id, text);
  return text;
}

TextReader::Found TextReader::append_leaf(std::int64_t atom_id, std::string& text) {
  if (const auto known = leaves_.find(atom_id); known != leaves_.end()) {
    text += known->second;
    return Found::leaf;
  }
  Found found = Found::nothing;
  if (atom_.with(atom_id).step())
    found = static_cast<AtomForm>(atom_.integer(0)) == AtomForm::inlined ? Found::leaf
                                                                         : Found::composed;
  if (found == Found::leaf) {
    if (leaves_.size() >= kMaxLeaves) leaves_.clear();
    const std::string_view value = as_text(atom_.blob(4));
    leaves_.emplace(atom_id, value);
    text += value;
  }
  atom_.reset();
  return found;
}

void TextReader::append_components(std::int64_t parent_atom_id, std::string& text) {
  std::vector<std::int64_t> components;
  components_.with(parent_atom_id);
  while (components_.step()) components.push_back(components_.integer(0));
  components_.reset();
  const std::size_t before = text.size();
  for (const std::int64_t component : components)
    if (append_leaf(component, text) == Found::composed) append_components(component, text);
  if (text.size() > before) return;
  if (!atom_.with(parent_atom_id).step() || atom_.integer(1) == 0) return atom_.reset();
  const Id id{static_cast<IdSpace>(atom_.integer(2)), atom_.hash(3)};
  atom_.reset();
  throw Error{Fault::data, id.text() + ": is not composed of text"};
}

}  // namespace hart::store
