#pragma once

#include <string>

namespace hart::search_tool {

/// Which keys of a hit are printed, beside `type`.
class HitFields {
 public:
  enum Field { rank, atom, score, distance, modality, text, name, position, spatial, receipt };

  /// All of them but the receipt, which is another each time that a query is answered.
  HitFields() = default;
  /// From "atom,score,distance". Throws Error(usage) on a name that no key has.
  explicit HitFields(const std::string& names);

  [[nodiscard]] bool has(Field field) const noexcept { return (fields_ >> field & 1u) != 0; }

 private:
  unsigned fields_ = ~(1u << receipt);  ///< a bit a field
};

}  // namespace hart::search_tool
