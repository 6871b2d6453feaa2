// Any bytes: they are not UTF-8 and refused, or the leaves of both syntaxes are the document.

#include <algorithm>
#include <string>

#include "core/error.h"
#include "formats/detect.h"
#include "formats/text.h"
#include "formats/utf8.h"
#include "fuzz_check.h"

namespace {

using namespace hart::formats;

void check_segments(hart::ByteView document, TextSyntax syntax) {
  const TextDocument segments = segment_text(document, syntax);
  std::uint64_t offset = 0;
  std::size_t leaf = 0;
  for (const Paragraph& paragraph : segments.paragraphs) {
    HART_FUZZ_CHECK(paragraph.offset == offset);
    HART_FUZZ_CHECK(!paragraph.bytes.empty());
    HART_FUZZ_CHECK(paragraph.bytes.size() <= kMaxParagraphBytes);
    HART_FUZZ_CHECK(paragraph.leaves_begin == leaf);
    for (; leaf < paragraph.leaves_end; ++leaf) {
      const TextLeaf& item = segments.leaves[leaf];
      HART_FUZZ_CHECK(item.offset == offset);
      HART_FUZZ_CHECK(!item.bytes.empty() && item.bytes.size() <= kMaxLeafBytes);
      HART_FUZZ_CHECK(validate_utf8(item.bytes) == item.bytes.size());
      HART_FUZZ_CHECK(
          std::ranges::equal(item.bytes, document.subspan(offset, item.bytes.size())));
      offset += item.bytes.size();
    }
    HART_FUZZ_CHECK(paragraph.offset + paragraph.bytes.size() == offset);
  }
  HART_FUZZ_CHECK(offset == document.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hart::ByteView document{data, size};
  static_cast<void>(detect(document, size));
  const std::size_t valid = validate_utf8(document);
  HART_FUZZ_CHECK(valid <= size);
  try {
    check_segments(document, TextSyntax::plain);
    check_segments(document, TextSyntax::markdown);
    HART_FUZZ_CHECK(valid == size);
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data && valid < size);
    check_segments(document.first(valid), TextSyntax::markdown);
  }
  return 0;
}
