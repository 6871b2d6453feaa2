#include "prov/stream.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "core/error.h"

namespace hart::prov {
namespace {

constexpr std::size_t kUuidDigits = 32;
constexpr std::size_t kLeastDigits = 6;

const std::string kSelect =
    "SELECT generation_stream_id, leaf_index, uuid, operation, model_space, "
    "model_hash,"
    " started_us, completed_us, tokens_in, tokens_out, finish_reason, receipt,"
    " receipt_hash, previous_hash FROM my_generation_stream ";

ByteBuffer copy(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

/// An id in two columns, from `column` on.
Id stored_id(const store::Statement& row, int column) {
  const std::int64_t space = row.integer(column);
  if (space < 0 || space > static_cast<int>(IdSpace::keyed))
    throw Error{Fault::data, "generation stream: unknown space of an id"};
  return {static_cast<IdSpace>(space), row.hash(column + 1)};
}

GenerationStream read_row(const store::Statement& row) {
  GenerationStream stream;
  stream.generation_stream_id = row.integer(0);
  stream.leaf_index = static_cast<std::uint64_t>(row.integer(1));
  const ByteView uuid = row.blob(2);
  if (uuid.size() != stream.uuid.size())
    throw Error{Fault::data, "generation stream: a UUID has the wrong length"};
  std::ranges::copy(uuid, stream.uuid.begin());
  stream.operation = row.text(3);
  if (!row.is_null(4)) stream.model = stored_id(row, 4);
  stream.started = row.integer(6);
  stream.completed = row.integer(7);
  stream.tokens_in = static_cast<std::uint64_t>(row.integer(8));
  stream.tokens_out = static_cast<std::uint64_t>(row.integer(9));
  stream.finish_reason = row.text(10);
  stream.receipt = copy(row.blob(11));
  stream.receipt_hash = row.hash(12);
  stream.previous_hash = row.hash(13);
  return stream;
}

/// The hexadecimal digits of a reference, without dashes; empty when it holds anything else.
std::string digits_of(const std::string& reference) {
  std::string digits;
  for (const char c : reference) {
    if (c == '-') continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return {};
    digits.push_back(c);
  }
  return digits;
}

}  // namespace

GenerationStream resolve_stream(store::Store& store, const std::string& reference) {
  const std::string digits = digits_of(reference);
  if (digits.size() < kLeastDigits || digits.size() > kUuidDigits)
    throw Error{Fault::data, "'" + reference +
                                 "' is neither the UUID of a generation nor 6 "
                                 "or more digits of one"};
  const auto padded = [&](char digit) {
    return from_hex(digits + std::string(kUuidDigits - digits.size(), digit));
  };
  auto rows = store.db().prepare(kSelect + "WHERE uuid BETWEEN ? AND ? LIMIT 2");
  rows.with(padded('0'), padded('f'));
  if (!rows.step()) throw Error{Fault::no_input, "no generation '" + reference + "'"};
  GenerationStream found = read_row(rows);
  if (rows.step())
    throw Error{Fault::data,
                "'" + reference + "' is the beginning of several generations' UUIDs"};
  return found;
}

std::optional<GenerationStream> stream_at(store::Store& store, std::uint64_t leaf_index) {
  auto row = store.db().prepare(kSelect + "WHERE leaf_index = ?");
  row.with(leaf_index);
  if (!row.step()) return std::nullopt;
  return read_row(row);
}

StreamLookup::StreamLookup(store::Store& store)
    : row_{store.db().prepare(kSelect + "WHERE generation_stream_id = ?")} {}

std::optional<GenerationStream> StreamLookup::find(std::int64_t generation_stream_id) {
  std::optional<GenerationStream> found;
  if (row_.with(generation_stream_id).step()) found = read_row(row_);
  row_.reset();
  return found;
}

void for_each_stream(store::Store& store,
                     const std::function<void(const GenerationStream&)>& visit) {
  auto rows = store.db().prepare(kSelect + "ORDER BY leaf_index");
  while (rows.step()) visit(read_row(rows));
}

}  // namespace hart::prov
