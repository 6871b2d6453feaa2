#include <algorithm>
#include <optional>
#include <string>

#include "amounts.h"
#include "bill/hotspots.h"
#include "commands.h"
#include "common/output.h"
#include "store/store.h"

namespace hart::cli {
namespace {

constexpr TimeUs kHotspotDayUs = 86'400'000'000;

struct HotspotsOptions {
  std::int64_t days = 7;
  std::optional<std::string> until;
  std::int64_t top = 10;
};

int hotspots(const HotspotsOptions& options, Context& context) {
  store::Store store = context.open_store();
  const TimeUs until = options.until ? parse_time(*options.until) : store.now();
  const bill::Period period{std::max<TimeUs>(0, until - options.days * kHotspotDayUs), until};
  const auto spots = bill::hotspots(store, period, static_cast<std::size_t>(options.top));
  Table table{
      {"", "OPERATION", "MODEL", "EVENTS", "UNITS", "UNIT", "AMOUNT", "SHARE %", "BEFORE", ""}};
  std::int64_t rank = 0;
  for (const bill::Hotspot& spot : spots) {
    ++rank;
    const std::string share =
        format_decimal(static_cast<std::int64_t>(spot.share * 1000 + 0.5), 1);
    table.row({std::to_string(rank), spot.operation, spot.model, std::to_string(spot.events),
               units_text(spot.units_micros), spot.unit, amount_text(spot.amount_micros), share,
               amount_text(spot.amount_before_micros), spot.currency});
    if (!context.out.human())
      context.out.write(
          {{"type", "hotspot"},
           {"rank", rank},
           {"operation", spot.operation},
           {"unit", spot.unit},
           {"model", spot.model},
           {"events", spot.events},
           {"units", units_text(spot.units_micros)},
           {"amount", amount_text(spot.amount_micros)},
           {"currency", spot.currency},
           {"share",
            static_cast<double>(static_cast<std::int64_t>(spot.share * 10'000 + 0.5)) / 10'000},
           {"events_before", spot.events_before},
           {"amount_before", amount_text(spot.amount_before_micros)}});
  }
  context.out.table(table);
  return spots.empty() ? 1 : 0;
}

}  // namespace

void add_hotspots_command(Command& tool) {
  Command& command = tool.subcommand("hotspots", "What cost the most of late, and before");
  auto& options = command.options<HotspotsOptions>();
  command.option("--days", "N", options.days, "how many days to look at").range(1, 3650);
  command.option("--until", "TIME", options.until, "the end of these days; now by default");
  command.option("--top", "N", options.top, "how many to print").range(1, 1000);
  command.action([&options](Context& context) { return hotspots(options, context); });
}

}  // namespace hart::cli
