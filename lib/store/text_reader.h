#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "store/store.h"

namespace hart::store {

/// `atom_text` for many atoms, with statements that are prepared once. The leaves of texts,
/// which recur, are remembered.
class TextReader {
 public:
  /// `store` must outlive it.
  explicit TextReader(Store& store);

  /// As `atom_text`.
  [[nodiscard]] std::string text(std::int64_t atom_id);
  /// Forgets the leaves: call it when another connection's commit may have taken some away.
  void forget() { leaves_.clear(); }

 private:
  enum class Found { nothing, leaf, composed };

  /// Appends the atom when it is a leaf; of what is composed nothing.
  Found append_leaf(std::int64_t atom_id, std::string& text);
  void append_components(std::int64_t parent_atom_id, std::string& text);

  Statement atom_;
  Statement components_;
  std::unordered_map<std::int64_t, std::string> leaves_;
};

}  // namespace hart::store
