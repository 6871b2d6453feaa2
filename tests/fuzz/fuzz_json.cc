// Any bytes: refused with Fault::data, or what was parsed prints as one line that parses to the
// same.

#include "core/bytes.h"
#include "core/error.h"
#include "core/json.h"
#include "fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hart::Json value;
  try {
    value = hart::parse_json(hart::as_text({data, size}), "input");
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
    return 0;
  }
  const std::string line = hart::dump_json(value);
  HART_FUZZ_CHECK(line.find('\n') == std::string::npos);
  HART_FUZZ_CHECK(hart::parse_json(line, "output") == value);
  return 0;
}
