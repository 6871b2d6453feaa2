// Any bytes: rate plans and usage events are refused with Fault::data, or are read.

#include "bill/plan.h"
#include "bill/usage_event.h"
#include "core/error.h"
#include "fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = hart::as_text({data, size});
  try {
    const hart::bill::RatePlan plan = hart::bill::parse_plan(text);
    HART_FUZZ_CHECK(!plan.name.empty());
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
  try {
    const hart::UsageRecord record =
        hart::bill::parse_usage_event(hart::parse_json(text, "input"));
    HART_FUZZ_CHECK(!record.event_id.empty());
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
  return 0;
}
