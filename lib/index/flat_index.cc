#include "index/flat_index.h"

#include <cstring>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/crc32c.h"
#include "index/exact.h"

namespace hart::index {
namespace {

using store::Scope;
using store::Statement;

ByteBuffer encode_ids(const VectorBlock& block) {
  ByteBuffer bytes;
  bytes.reserve(block.size() * 2 * sizeof(std::int64_t));
  for (std::size_t i = 0; i < block.size(); ++i) {
    append_le(bytes, block.embedding_ids[i]);
    append_le(bytes, block.atom_ids[i]);
  }
  return bytes;
}

ByteView vector_bytes(const VectorBlock& block) {
  return {reinterpret_cast<const std::uint8_t*>(block.values.data()),
          block.values.size() * sizeof(float)};
}

void decode_block(ByteView ids, ByteView vectors, VectorBlock& block) {
  const std::size_t n = ids.size() / (2 * sizeof(std::int64_t));
  block.clear();
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint8_t* pair = ids.data() + i * 2 * sizeof(std::int64_t);
    block.embedding_ids.push_back(load_le<std::int64_t>(pair));
    block.atom_ids.push_back(load_le<std::int64_t>(pair + sizeof(std::int64_t)));
  }
  block.values.resize(n * block.dim);
  if (!block.values.empty()) std::memcpy(block.values.data(), vectors.data(), vectors.size());
}

}  // namespace

IndexInfo build_flat_index(store::Store& store, const store::EmbeddingModel& model,
                           const std::function<void(std::uint64_t)>& progress) {
  GenerationWriter writer{store, model, IndexKind::flat};
  store::Connection& db = store.index_db();
  db.exec("CREATE TABLE " + writer.table() +
          " (position INTEGER PRIMARY KEY, ids BLOB NOT NULL, vectors BLOB NOT NULL,"
          " checksum INTEGER NOT NULL) STRICT");
  std::int64_t items = 0;
  std::int64_t last = 0;
  {
    Statement insert = db.prepare(
        "INSERT INTO " + writer.table() + " (ids, vectors, checksum) VALUES (?1, ?2, ?3)",
        Scope::owner);
    for_each_row_block(store, model, 0, [&](const VectorBlock& block) {
      const ByteBuffer ids = encode_ids(block);
      const ByteView vectors = vector_bytes(block);
      const std::uint32_t checksum = crypto::crc32c(vectors, crypto::crc32c(ids));
      insert.run(ids, vectors, static_cast<std::int64_t>(checksum));
      items += static_cast<std::int64_t>(block.size());
      last = block.embedding_ids.back();
      if (progress) progress(static_cast<std::uint64_t>(items));
    });
  }
  if (items == 0)
    throw Error{Fault::no_input, "there are no vectors of " + model.name + " to index"};
  return writer.commit(items, last, Json::object());
}

void for_each_flat_block(store::Store& store, const IndexInfo& index, std::size_t dim,
                         const std::function<void(const VectorBlock&)>& visit) {
  const std::string table = generation_table(IndexKind::flat, index.generation);
  Statement select = store.index_db().prepare(
      "SELECT ids, vectors, checksum FROM " + table + " ORDER BY position", Scope::owner);
  VectorBlock block;
  block.dim = dim;
  std::int64_t items = 0;
  while (select.step()) {
    const ByteView ids = select.blob(0);
    const ByteView vectors = select.blob(1);
    const std::size_t n = ids.size() / (2 * sizeof(std::int64_t));
    if (ids.size() % (2 * sizeof(std::int64_t)) != 0 ||
        vectors.size() != n * dim * sizeof(float) ||
        crypto::crc32c(vectors, crypto::crc32c(ids)) !=
            static_cast<std::uint64_t>(select.integer(2)))
      throw Error{Fault::data, "index.db: a block of " + table + " is damaged"};
    decode_block(ids, vectors, block);
    items += static_cast<std::int64_t>(n);
    visit(block);
  }
  if (items != index.items)
    throw Error{Fault::data, "index.db: " + table + " holds " + std::to_string(items) +
                                 " vectors, the catalog says " + std::to_string(index.items)};
}

}  // namespace hart::index
