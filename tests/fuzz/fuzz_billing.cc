// Any bytes: rate plans and usage events are refused with Fault::data, or are read; the fast
// reader of events says what the other one says.

#include "bill/estimate.h"
#include "bill/plan.h"
#include "bill/usage_event.h"
#include "core/error.h"
#include "fuzz_check.h"

namespace {

void fuzz_plan(std::string_view text) {
  const hart::bill::RatePlan plan = hart::bill::parse_plan(text);
  HART_FUZZ_CHECK(!plan.name.empty());
  const hart::bill::RatePlan again =
      hart::bill::parse_plan(hart::dump_json(hart::bill::plan_document(plan)));
  HART_FUZZ_CHECK(hart::bill::plan_content_hash(again) == hart::bill::plan_content_hash(plan));
  // An invoice of what the plan has operations for sums up, or does not fit.
  const hart::bill::PlanBook book{plan};
  hart::bill::Estimate estimate{book};
  hart::UsageRecord usage;
  usage.source = usage.event_id = "fuzz";
  usage.operation = plan.operations.front().operation;
  usage.unit = plan.operations.front().unit;
  usage.units_micros = static_cast<std::int64_t>(text.size()) * 1'000'001;
  (void)estimate.add(hart::bill::usage_event(usage), 1'800'000'000'000'000);
  for (const hart::bill::Invoice& invoice : estimate.invoices()) {
    std::int64_t sum = 0;
    for (const hart::bill::InvoiceLine& line : invoice.lines) sum += line.amount_micros;
    HART_FUZZ_CHECK(sum == invoice.total_micros);
  }
}

void fuzz_event(std::string_view text) {
  hart::UsageRecord record;
  std::string refused;
  try {
    record = hart::bill::parse_usage_event(hart::parse_json(text, "input"));
    HART_FUZZ_CHECK(!record.event_id.empty());
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
    refused = error.what();
  }
  try {
    hart::bill::UsageEventReader reader;
    const hart::bill::UsageEvent& event = reader.read(text);
    HART_FUZZ_CHECK(refused.empty());
    HART_FUZZ_CHECK(event.event_id == record.event_id);
    HART_FUZZ_CHECK(event.units_micros == record.units_micros);
    HART_FUZZ_CHECK(event.time == record.time);
    HART_FUZZ_CHECK(hart::parse_json(event.attributes_json, "attributes") == record.attributes);
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
    HART_FUZZ_CHECK(!refused.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = hart::as_text({data, size});
  try {
    fuzz_plan(text);
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
  fuzz_event(text);
  return 0;
}
