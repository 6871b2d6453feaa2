#pragma once

#include <string_view>

namespace hart::search {

/// What the values of a field are, and so what it may be compared with.
enum class WhereType {
  text,
  number,
  time,      ///< kept as microseconds; written as parse_time reads
  modality,  ///< kept as a number; written as its name
  json,      ///< below metadata: anything
};

/// A field of an object that conditions may name.
struct WhereField {
  std::string_view name;
  WhereType type;
  std::string_view sql;  ///< over `my_object AS o`; of metadata the JSON
};

/// Null when there is no such field.
[[nodiscard]] const WhereField* find_where_field(std::string_view name) noexcept;

/// "name, kind, …": for messages.
[[nodiscard]] std::string_view where_field_names() noexcept;

}  // namespace hart::search
