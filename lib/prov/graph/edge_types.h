#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hart::prov {

/// The types of relationships that every store has, by number; those that its users gave to
/// relations of atoms are numbered after them.
enum class EdgeType : std::uint32_t {
  resulted_in,
  used_reasoning,
  used_model,
  used_atom,
  influenced_by,
  supported_by,
  considered_alternative,
  from_atom,
  has_component,
  has_layer,
  has_tensor,
};

inline constexpr std::array<std::string_view, 11> kEdgeTypeNames{
    "RESULTED_IN",  "USED_REASONING",         "USED_MODEL", "USED_ATOM",     "INFLUENCED_BY",
    "SUPPORTED_BY", "CONSIDERED_ALTERNATIVE", "FROM_ATOM",  "HAS_COMPONENT", "HAS_LAYER",
    "HAS_TENSOR",
};

}  // namespace hart::prov
