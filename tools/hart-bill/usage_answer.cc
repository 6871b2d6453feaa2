#include "usage_answer.h"

#include "amounts.h"

namespace hart::cli {
namespace {

/// `object` without its braces, after a comma.
std::string members(const Json& object) {
  std::string text = dump_json(object);
  text.front() = ',';
  text.pop_back();
  return text;
}

}  // namespace

const UsageAnswer::PriceText& UsageAnswer::text_of(const bill::Price& price) {
  const auto known = prices_.find(&price);
  if (known != prices_.end()) return known->second;
  Json before{{"base_rate", amount_text(price.base_rate_micros)}};
  put_multipliers(before, price.multipliers_e4);
  Json after{{"currency", price.currency}, {"rated", price.rated}};
  if (price.by_period) after["by_period"] = true;
  return prices_.emplace(&price, PriceText{members(before), members(after)}).first->second;
}

void UsageAnswer::append(std::string& out, std::string_view type, const bill::UsageEvent& event,
                         TimeUs time, const bill::Price& price, std::int64_t total_micros) {
  const PriceText& text = text_of(price);
  out += "{\"type\":\"";
  out += type;
  out += "\",\"source\":";
  append_json_string(out, event.source);
  out += ",\"event\":";
  append_json_string(out, event.event_id);
  out += ",\"operation\":";
  append_json_string(out, event.operation);
  out += ",\"units\":\"";
  out += units_text(event.units_micros);
  out += "\",\"unit\":";
  append_json_string(out, event.unit);
  out += ",\"time\":\"";
  times_.append(out, time);
  out += '"';
  out += text.before;
  out += ",\"amount\":\"";
  out += amount_text(total_micros);
  out += '"';
  out += text.after;
}

void UsageAnswer::close(std::string& out, std::string_view id_json) {
  out += ",\"id\":";
  out += id_json;
  out += '}';
}

}  // namespace hart::cli
