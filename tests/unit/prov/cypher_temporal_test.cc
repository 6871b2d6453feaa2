#include "prov/cypher/temporal.h"

#include <doctest/doctest.h>

#include "cypher_fixture.h"
#include "prov/cypher/calendar.h"
#include "prov/cypher/zone.h"

namespace hart::prov::cypher {

using test::value_of;

TEST_CASE("cypher calendar: dates, weeks and days agree over eight centuries") {
  std::int64_t day = days_of(CivilDate{1600, 1, 1});
  std::int64_t wrong = 0;
  for (std::int64_t year = 1600; year < 2400; ++year)
    for (std::int64_t month = 1; month <= 12; ++month)
      for (std::int64_t date = 1; date <= days_in_month(year, month); ++date, ++day) {
        const CivilDate civil = civil_of(day);
        if (days_of(CivilDate{year, month, date}) != day || days_of(week_of(day)) != day ||
            civil.year != year || civil.month != month || civil.day != date)
          ++wrong;
      }
  CHECK(wrong == 0);
  CHECK(day == days_of(CivilDate{2400, 1, 1}));
  CHECK(day_of_week(0) == 4);  // 1970-01-01 was a Thursday
}

TEST_CASE("cypher time: text that a time gives reads as the same time") {
  for (const char* text : {"2015-07-21T21:40:32.142+02:00", "-0001-12-31T00:00Z",
                           "+999999999-12-31T23:59:59.999999999-18:00"}) {
    CAPTURE(text);
    CHECK(temporal_text(parse_temporal(TemporalKind::datetime, text)) == text);
  }
  for (const char* text :
       {"P1Y2M3DT4H5M6.000000007S", "PT-0.5S", "P-1M-27DT-21H-40M-32.142S", "PT0S"}) {
    CAPTURE(text);
    CHECK(duration_text(parse_duration(text)) == text);
  }
}

TEST_CASE("cypher time: what is not ISO 8601 is refused") {
  for (const char* text :
       {"", "2015-13", "2015-02-29", "2015-W54", "20150", "2015-07-21x", "x"}) {
    CAPTURE(text);
    CHECK_THROWS_AS((void)parse_temporal(TemporalKind::date, text), Error);
  }
  for (const char* text : {"25", "21:60", "21:40+19:00", "21:40:32.", "T21"}) {
    CAPTURE(text);
    CHECK_THROWS_AS((void)parse_temporal(TemporalKind::time, text), Error);
  }
  for (const char* text : {"", "P", "1D", "P1X", "P1", "PT1Y", "P99999999999999999999D"}) {
    CAPTURE(text);
    CHECK_THROWS_AS((void)parse_duration(text), Error);
  }
}

TEST_CASE("cypher time: arithmetic beyond the calendar is an error and no overflow") {
  for (const char* text : {"RETURN date('+999999999-12-31') + duration('P1D')",
                           "RETURN datetime('+999999999-12-31T23:59Z') + duration('PT1H')",
                           "RETURN duration('P1M') * 1e300", "RETURN duration('P1D') / 0",
                           "RETURN duration({months: 9223372036854775807}) + duration('P1M')",
                           "RETURN date('2015') + duration({months: 9223372036854775807})"}) {
    CAPTURE(text);
    CHECK(test::error_of(text) != "");
  }
}

TEST_CASE("cypher time: a zone's offset changes with its summer time") {
  try {
    (void)zone_offset("Europe/Stockholm", 0);
  } catch (const Error&) {
    MESSAGE("skipped: no time zones on this machine");
    return;
  }
  CHECK(value_of("datetime('2017-03-26T01:59:59[Europe/Stockholm]').offset") == "'+01:00'");
  CHECK(value_of("datetime('2017-03-26T03:00:00[Europe/Stockholm]').offset") == "'+02:00'");
  // Left out that night, so an hour later; and twice that night, so the first.
  CHECK(value_of("datetime({year: 2017, month: 3, day: 26, hour: 2, timezone: "
                 "'Europe/Stockholm'})") == "'2017-03-26T03:00+02:00[Europe/Stockholm]'");
  CHECK(value_of("datetime('2017-10-29T02:30[Europe/Stockholm]').offset") == "'+02:00'");
  // Beyond the table of the zone's file the rule at its end holds.
  CHECK(value_of("datetime('2080-07-01T12:00[Europe/Stockholm]').offset") == "'+02:00'");
  CHECK(value_of("datetime('2080-01-01T12:00[Europe/Stockholm]').offset") == "'+01:00'");
  CHECK(value_of("datetime('2080-01-01T12:00[Australia/Sydney]').offset") == "'+11:00'");
  CHECK(value_of("datetime('2080-07-01T12:00[Australia/Sydney]').offset") == "'+10:00'");
}

TEST_CASE("cypher time: a zone's name leads to no other file") {
  for (const char* name :
       {"../../../etc/passwd", "/etc/passwd", "Europe/../../../../etc/passwd", "", "Europe",
        "Nowhere/None", "zone.tab"}) {
    CAPTURE(name);
    CHECK_THROWS_AS((void)zone_offset(name, 0), Error);
  }
}

}  // namespace hart::prov::cypher
