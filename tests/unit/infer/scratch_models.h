#pragma once

#include <fstream>
#include <string>

#include "atom/atomize.h"
#include "store/catalog_writer.h"
#include "support/scratch_store.h"
#include "tiny_model.h"

namespace hart::infer {

inline const store::SchemaModule kCatalogOnly[] = {store::catalog_schema()};

/// A model as a file and in a store.
struct Models {
  test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  std::string path = scratch.directory() + "/../model.gguf";

  explicit Models(const ByteBuffer& file) {
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(file.data()),
                                                static_cast<std::streamsize>(file.size()));
    atom::AtomizeOptions options;
    options.name = "tiny";
    store::WriteTransaction transaction{store};
    store::CatalogWriter writer{store};
    (void)atom::atomize(store, writer, file, options, {});
    transaction.commit();
  }
};

}  // namespace hart::infer
