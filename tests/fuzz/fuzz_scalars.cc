// Any bytes: times, decimals, ids and base64 are refused with Fault::data, or print as what
// parses to the same.

#include "core/bytes.h"
#include "core/clock.h"
#include "core/decimal.h"
#include "core/error.h"
#include "core/id.h"
#include "fuzz_check.h"

namespace {

template <typename Body> void refused_or_same(const Body& body) {
  try {
    body();
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = hart::as_text({data, size});
  refused_or_same([&] {
    const hart::TimeUs time = hart::parse_time(text);
    HART_FUZZ_CHECK(hart::parse_time(hart::format_time(time)) == time);
  });
  refused_or_same([&] {
    const std::int64_t value = hart::parse_decimal(text, 6, "input");
    HART_FUZZ_CHECK(hart::parse_decimal(hart::format_decimal(value, 6), 6, "output") == value);
  });
  refused_or_same([&] {
    const hart::Id id = hart::parse_id(text);
    HART_FUZZ_CHECK(hart::parse_id(id.text()) == id);
  });
  refused_or_same([&] { HART_FUZZ_CHECK(hart::to_base64(hart::from_base64(text)) == text); });
  return 0;
}
