#include "nn/grammar_utf8.h"

#include <string>

#include "formats/utf8.h"

namespace hart::nn {
namespace {

/// The last code points of one, two and three bytes.
constexpr std::array<char32_t, 3> kLastOfSize{0x7F, 0x7FF, 0xFFFF};
constexpr char32_t kFirstSurrogate = 0xD800;
constexpr char32_t kLastSurrogate = 0xDFFF;

void split(char32_t first, char32_t last, std::vector<ByteSequences>& out) {
  if (first > last) return;
  if (first <= kLastSurrogate && last >= kFirstSurrogate) {
    if (first < kFirstSurrogate) split(first, kFirstSurrogate - 1, out);
    split(kLastSurrogate + 1, last, out);
    return;
  }
  for (const char32_t end : kLastOfSize)
    if (first <= end && end < last) {
      split(first, end, out);
      split(end + 1, last, out);
      return;
    }
  // All have one size. Where the leading bits differ, what follows them must range over all.
  for (int bytes = 1; bytes < 4 && last > kLastOfSize[0]; ++bytes) {
    const char32_t tail = (char32_t{1} << (6 * bytes)) - 1;
    if ((first & ~tail) == (last & ~tail)) continue;
    if ((first & tail) != 0) {
      split(first, first | tail, out);
      split((first | tail) + 1, last, out);
      return;
    }
    if ((last & tail) != tail) {
      split(first, (last & ~tail) - 1, out);
      split(last & ~tail, last, out);
      return;
    }
  }
  std::string from, to;
  formats::append_utf8(from, first);
  formats::append_utf8(to, last);
  ByteSequences sequences;
  for (std::size_t i = 0; i < from.size(); ++i)
    sequences.ranges[i] = {static_cast<std::uint8_t>(from[i]),
                           static_cast<std::uint8_t>(to[i])};
  sequences.size = static_cast<std::uint32_t>(from.size());
  out.push_back(sequences);
}

}  // namespace

std::vector<ByteSequences> utf8_sequences(char32_t first, char32_t last) {
  std::vector<ByteSequences> out;
  split(first, last, out);
  return out;
}

}  // namespace hart::nn
