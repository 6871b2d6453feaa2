#pragma once

#include <doctest/doctest.h>

#include <string>

#include "store/catalog.h"
#include "store/extent_reader.h"

namespace hart::store {

/// The text of an object whose payload is one extent, read through the packs.
inline std::string stored_text(Store& store, const std::string& name) {
  const Object object = resolve_object(store, name);
  Statement part = store.db().prepare(std::string{"SELECT "} + kExtentColumns +
                                      " FROM my_atom_payload WHERE atom_id = ?");
  REQUIRE(part.with(object.atom_id).step());
  ExtentReader reader{store};
  return std::string{as_text(reader.read(read_extent(part, 0), true).bytes())};
}

}  // namespace hart::store
