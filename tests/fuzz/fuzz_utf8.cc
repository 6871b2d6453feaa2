// Any bytes: what validates decodes and encodes to itself; what does not becomes valid text.

#include "formats/utf8.h"
#include "fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hart::formats;
  const std::string_view text = hart::as_text({data, size});
  const std::size_t valid = validate_utf8({data, size});
  HART_FUZZ_CHECK(valid == size || decode_utf8({data, size}, valid).size == 0);
  const std::string again = to_utf8(to_utf32(text));
  HART_FUZZ_CHECK(is_utf8(again));
  HART_FUZZ_CHECK((again == text) == (valid == size));
  HART_FUZZ_CHECK(again.starts_with(text.substr(0, valid)));
  return 0;
}
