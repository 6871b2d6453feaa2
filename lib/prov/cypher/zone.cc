#include "prov/cypher/zone.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "prov/cypher/calendar.h"

namespace hart::prov::cypher {

namespace {

/// A rule "Mm.w.d/time" of a POSIX TZ string.
struct ChangeRule {
  std::int64_t month = 0, week = 0, weekday = 0;
  std::int64_t time_s = 7'200;
};

/// What holds after the table's last transition.
struct ZoneFooter {
  std::int32_t standard_s = 0;
  std::int32_t summer_s = 0;
  bool has_summer = false;
  ChangeRule to_summer, to_standard;
};

struct Zone {
  std::vector<std::int64_t> transitions_s;  ///< ascending
  std::vector<std::int32_t> offsets_s;      ///< one more than transitions
  std::optional<ZoneFooter> footer;
};

class ZoneReader {
 public:
  explicit ZoneReader(std::string_view bytes) : bytes_{bytes} {}

  Zone read();

 private:
  std::int64_t big_endian(std::size_t at, std::size_t size) const;
  std::size_t block_size(std::size_t header, std::size_t time_size) const;
  std::int64_t count(std::size_t header, std::size_t index) const {
    return big_endian(header + 20 + 4 * index, 4);
  }

  std::string_view bytes_;
};

std::int64_t ZoneReader::big_endian(std::size_t at, std::size_t size) const {
  if (at > bytes_.size() || bytes_.size() - at < size)
    throw Error{Fault::data, "byte " + std::to_string(at) + " lies outside of the zone's file"};
  std::uint64_t value = (static_cast<unsigned char>(bytes_[at]) & 0x80U) != 0 ? ~0ULL : 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes_[at + i]);
  return static_cast<std::int64_t>(value);
}

// The counts of a header: isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt.
std::size_t ZoneReader::block_size(std::size_t header, std::size_t time_size) const {
  const std::int64_t size = count(header, 0) + count(header, 1) +
                            count(header, 2) * static_cast<std::int64_t>(time_size + 4) +
                            count(header, 3) * static_cast<std::int64_t>(time_size + 1) +
                            count(header, 4) * 6 + count(header, 5);
  return 44 + static_cast<std::size_t>(size);
}

/// Reads "<+03>-3", "CET-1CEST,M3.5.0,M10.5.0/3": POSIX.1, TZ, whose offsets count westward.
class FooterReader {
 public:
  explicit FooterReader(std::string_view text) : text_{text} {}

  std::optional<ZoneFooter> read() {
    ZoneFooter footer;
    if (!skip_name()) return std::nullopt;
    footer.standard_s = static_cast<std::int32_t>(-time());
    if (at_ == text_.size()) return footer;
    if (!skip_name()) return std::nullopt;
    footer.has_summer = true;
    footer.summer_s = footer.standard_s + 3'600;
    if (peek() != ',') footer.summer_s = static_cast<std::int32_t>(-time());
    if (!rule(footer.to_summer) || !rule(footer.to_standard)) return std::nullopt;
    return footer;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool skip(char expected) {
    if (peek() != expected) return false;
    ++at_;
    return true;
  }
  bool skip_name() {
    const std::size_t start = at_;
    if (skip('<')) {
      while (at_ < text_.size() && text_[at_] != '>') ++at_;
      return skip('>');
    }
    while (std::isalpha(static_cast<unsigned char>(peek())) != 0) ++at_;
    return at_ > start;
  }
  std::int64_t number() {
    std::int64_t value = 0;
    while (std::isdigit(static_cast<unsigned char>(peek())) != 0 && value < 100'000)
      value = value * 10 + (text_[at_++] - '0');
    return value;
  }
  std::int64_t time() {
    const bool negative = skip('-');
    if (!negative) skip('+');
    std::int64_t seconds = number() * 3'600;
    if (skip(':')) seconds += number() * 60;
    if (skip(':')) seconds += number();
    return negative ? -seconds : seconds;
  }
  bool rule(ChangeRule& rule) {
    if (!skip(',') || !skip('M')) return false;
    rule.month = number();
    if (!skip('.')) return false;
    rule.week = number();
    if (!skip('.')) return false;
    rule.weekday = number();
    if (skip('/')) rule.time_s = time();
    return rule.month >= 1 && rule.month <= 12;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Zone ZoneReader::read() {
  if (bytes_.substr(0, 4) != "TZif" || bytes_.size() < 44 || bytes_[4] < '2')
    throw Error{Fault::data, "not a TZif file of version 2 or later"};
  const std::size_t header = block_size(0, 4);
  const auto times = static_cast<std::size_t>(count(header, 3));
  const std::size_t transitions = header + 44;
  const std::size_t indices = transitions + times * 8;
  const std::size_t types = indices + times;
  Zone zone;
  zone.offsets_s.push_back(static_cast<std::int32_t>(big_endian(types, 4)));
  for (std::size_t i = 0; i < times; ++i) {
    zone.transitions_s.push_back(big_endian(transitions + i * 8, 8));
    const auto type = static_cast<std::size_t>(big_endian(indices + i, 1) & 0xff);
    zone.offsets_s.push_back(static_cast<std::int32_t>(big_endian(types + type * 6, 4)));
  }
  std::string_view footer =
      bytes_.substr(std::min(bytes_.size(), header + block_size(header, 8)));
  if (footer.size() > 2) zone.footer = FooterReader{footer.substr(1, footer.size() - 2)}.read();
  return zone;
}

/// The rule's moment in `year`, as seconds of a clock that stands at `offset_s`.
std::int64_t change_s(const ChangeRule& rule, std::int64_t year, std::int32_t offset_s) {
  const std::int64_t first = days_of(CivilDate{year, rule.month, 1});
  std::int64_t day =
      first + floor_modulo(rule.weekday - day_of_week(first), 7) + (rule.week - 1) * 7;
  while (day >= first + days_in_month(year, rule.month)) day -= 7;
  return day * 86'400 + rule.time_s - offset_s;
}

std::int32_t footer_offset(const ZoneFooter& footer, std::int64_t utc_s) {
  if (!footer.has_summer) return footer.standard_s;
  const std::int64_t year = civil_of(floor_divide(utc_s + footer.standard_s, 86'400)).year;
  const std::int64_t summer = change_s(footer.to_summer, year, footer.standard_s);
  const std::int64_t winter = change_s(footer.to_standard, year, footer.summer_s);
  const bool is_summer =
      summer < winter ? utc_s >= summer && utc_s < winter : utc_s >= summer || utc_s < winter;
  return is_summer ? footer.summer_s : footer.standard_s;
}

bool is_zone_name(std::string_view name) {
  return !name.empty() && name.size() < 64 && name.front() != '/' &&
         name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '/' || c == '_' || c == '-' || c == '+';
         });
}

Zone load_zone(std::string_view name) {
  const Error unknown{Fault::data, "`" + std::string{name} + "` is not a time zone known here"};
  if (!is_zone_name(name)) throw unknown;
  const std::filesystem::path path = "/usr/share/zoneinfo/" + std::string{name};
  std::error_code ignored;  // a folder such as Europe is no zone either
  if (!std::filesystem::is_regular_file(path, ignored)) throw unknown;
  std::ifstream file{path, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  if (bytes.empty()) throw unknown;
  try {
    return ZoneReader{bytes}.read();
  } catch (const Error&) {
    throw unknown;
  }
}

const Zone& zone_named(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, Zone, std::less<>> zones;
  const std::lock_guard lock{mutex};
  auto found = zones.find(name);
  if (found == zones.end()) found = zones.emplace(std::string{name}, load_zone(name)).first;
  return found->second;
}

}  // namespace

std::int32_t zone_offset(std::string_view name, std::int64_t utc_s) {
  const Zone& zone = zone_named(name);
  const auto after =
      std::upper_bound(zone.transitions_s.begin(), zone.transitions_s.end(), utc_s);
  if (after == zone.transitions_s.end() && zone.footer)
    return footer_offset(*zone.footer, utc_s);
  return zone.offsets_s[static_cast<std::size_t>(after - zone.transitions_s.begin())];
}

std::int32_t local_zone_offset(std::string_view name, std::int64_t local_s) {
  constexpr std::int64_t kDay = 86'400;  // no zone changes twice within so little
  const std::int32_t before = zone_offset(name, local_s - kDay);
  const std::int32_t after = zone_offset(name, local_s + kDay);
  if (before == after || zone_offset(name, local_s - before) == before) return before;
  return zone_offset(name, local_s - after) == after ? after : before;
}

}  // namespace hart::prov::cypher
