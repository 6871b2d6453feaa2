#include "prov/receipt_openings.h"

#include <algorithm>
#include <vector>

#include "core/endian.h"
#include "core/error.h"
#include "prov/byte_reader.h"

namespace hart::prov {
namespace {

constexpr std::size_t kOpeningHeaderBytes = 4 + 4 + sizeof(Hash256);

/// A row is never changed: one without what is erased takes its place.
void replace_row(store::Store& store, std::int64_t generation_stream_id,
                 const Openings& openings) {
  store.db()
      .prepare(
          "DELETE FROM generation_stream_opening"
          " WHERE generation_stream_id = ? AND tenant_id = ?",
          store::Scope::owner)
      .run(generation_stream_id, store.tenant_id());
  if (openings.empty()) return;
  std::vector<Opening> kept;
  kept.reserve(openings.size());
  for (const auto& [position, opening] : openings) kept.push_back(opening);
  store.db()
      .prepare(
          "INSERT INTO generation_stream_opening (generation_stream_id, "
          "tenant_id, openings)"
          " VALUES (?, ?, ?)",
          store::Scope::owner)
      .run(generation_stream_id, store.tenant_id(), encode_openings(kept));
}

}  // namespace

ByteBuffer encode_openings(std::span<const Opening> openings) {
  std::size_t size = 0;
  for (const Opening& opening : openings) size += kOpeningHeaderBytes + opening.content.size();
  ByteBuffer out;
  out.reserve(size);
  for (const Opening& opening : openings) {
    append_le(out, opening.position);
    append_le(out, static_cast<std::uint32_t>(opening.content.size()));
    append(out, opening.salt);
    append(out, opening.content);
  }
  return out;
}

Openings decode_openings(ByteView bytes) {
  ByteReader in{bytes, "openings"};
  Openings openings;
  while (!in.empty()) {
    Opening opening;
    opening.position = in.take<std::uint32_t>();
    if (!openings.empty() && opening.position <= openings.rbegin()->first)
      in.fail("positions do not ascend");
    const auto size = in.take<std::uint32_t>();
    opening.salt = in.take_hash();
    const ByteView content = in.take_bytes(size);
    opening.content.assign(content.begin(), content.end());
    openings.emplace_hint(openings.end(), opening.position, std::move(opening));
  }
  return openings;
}

OpeningsLookup::OpeningsLookup(store::Store& store)
    : row_{store.db().prepare(
          "SELECT openings FROM my_generation_stream_opening WHERE generation_stream_id = ?")} {
}

Openings OpeningsLookup::find(std::int64_t generation_stream_id) {
  row_.with(generation_stream_id);
  Openings openings = row_.step() ? decode_openings(row_.blob(0)) : Openings{};
  row_.reset();
  return openings;
}

Openings load_openings(store::Store& store, std::int64_t generation_stream_id) {
  return OpeningsLookup{store}.find(generation_stream_id);
}

std::uint64_t erase_openings(store::Store& store, std::int64_t generation_stream_id,
                             std::span<const std::uint32_t> positions) {
  Openings openings = load_openings(store, generation_stream_id);
  std::uint64_t erased = 0;
  for (const std::uint32_t position : positions) erased += openings.erase(position);
  if (erased > 0) replace_row(store, generation_stream_id, openings);
  return erased;
}

std::optional<ByteBuffer> open_commitment(const Committed& committed,
                                          const Openings& openings) {
  const auto found = openings.find(committed.position);
  if (found == openings.end()) return std::nullopt;
  const Opening& opening = found->second;
  if (commitment(committed.tag, opening.salt, opening.content) != committed.commitment)
    throw Error{Fault::data, "the opening of segment " + std::to_string(committed.position) +
                                 " does not match the receipt's commitment"};
  return opening.content;
}

}  // namespace hart::prov
