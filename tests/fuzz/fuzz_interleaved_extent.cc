// Any bytes as an interleaved extent: refused with Fault::data, or a permutation whose ranges
// agree with the whole and that comes back when its rows are interleaved again.

#include <algorithm>
#include <optional>

#include "core/endian.h"
#include "core/error.h"
#include "fuzz_check.h"
#include "store/interleaved_extent.h"

using namespace hart;
using namespace hart::store;

namespace {

std::optional<InterleavedRows> opened(ByteView stored, std::uint64_t decoded_bytes) {
  try {
    return InterleavedRows{stored, decoded_bytes};
  } catch (const Error& error) {
    HART_FUZZ_CHECK(error.fault() == Fault::data);
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView stored{data, size};
  HART_FUZZ_CHECK(!opened(stored, size));
  if (size < kInterleavedHeaderBytes) return 0;
  const std::size_t decoded_bytes = size - kInterleavedHeaderBytes;
  const auto rows = opened(stored, decoded_bytes);
  if (!rows) return 0;
  ByteBuffer whole(decoded_bytes);
  rows->decode(0, whole);

  ByteBuffer part(decoded_bytes / 2);
  const std::size_t offset = decoded_bytes / 3 + data[size - 1] % 7;
  rows->decode(offset, part);
  HART_FUZZ_CHECK(std::equal(part.begin(), part.end(),
                             whole.begin() + static_cast<std::ptrdiff_t>(offset)));
  const ByteView tiles = rows->tiles(offset, part.size());
  HART_FUZZ_CHECK(tiles.data() >= rows->bytes().data() && tiles.size() >= part.size());

  ByteBuffer again;
  InterleavedPieces pieces{rows->form(), whole, 1};
  for (ByteView piece = pieces.next(); !piece.empty(); piece = pieces.next())
    append(again, piece);
  HART_FUZZ_CHECK(std::equal(again.begin(), again.end(), stored.begin(), stored.end()));
  return 0;
}
