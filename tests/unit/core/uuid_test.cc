#include "core/uuid.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/error.h"

namespace hart {
namespace {

TEST_CASE("uuid: carries its time, version 7 and variant as in RFC 9562, A.6") {
  // 1645557742 s is the instant of the RFC's example, whose first field is 017f22e2-79b0.
  const std::string text = uuid_text(make_uuid7(1'645'557'742'000'000));
  CHECK(text.substr(0, 15) == "017f22e2-79b0-7");
  CHECK(text.substr(15, 3) == "000");
  CHECK(std::string{"89ab"}.find(text[19]) != std::string::npos);
}

TEST_CASE("uuid: the fraction of a millisecond fills the 12 bits after the version") {
  const auto field = [](TimeUs time) { return uuid_text(make_uuid7(time)).substr(14, 4); };
  CHECK(field(5'000) == "7000");
  CHECK(field(5'500) == "7800");
  CHECK(field(5'999) == "7ffb");
}

TEST_CASE("uuid: those of later microseconds sort later, and no two are equal") {
  std::vector<Uuid> uuids;
  for (TimeUs time = 1'700'000'000'123'450; time < 1'700'000'000'126'000; ++time)
    uuids.push_back(make_uuid7(time));
  CHECK(std::is_sorted(uuids.begin(), uuids.end()));
  std::set<Uuid> distinct;
  for (int i = 0; i < 1000; ++i) distinct.insert(make_uuid7(7));
  CHECK(distinct.size() == 1000);
}

TEST_CASE("uuid: text and bytes are inverse, either case is read") {
  const Uuid uuid = make_uuid7(1'700'000'000'000'000);
  CHECK(parse_uuid(uuid_text(uuid)) == uuid);
  CHECK(uuid_text(parse_uuid("01234567-89AB-CDEF-0123-456789abcdef")) ==
        "01234567-89ab-cdef-0123-456789abcdef");
}

TEST_CASE("uuid: dashes elsewhere, other digits and other lengths are refused") {
  for (const char* const bad :
       {"", "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcde",
        "01234567-89ab-cdef-0123-456789abcdef0", "012345678-9ab-cdef-0123-456789abcdef",
        "01234567-89ab-cdef-0123-456789abcdeg", "01234567-89ab-cdef-0123-45678-9abcde",
        "{1234567-89ab-cdef-0123-456789abcde}"}) {
    CAPTURE(std::string{bad});
    CHECK_THROWS_AS((void)parse_uuid(bad), Error);
  }
}

TEST_CASE(
    "random_bytes: fills exactly what it is given, beyond what one call of the kernel gives") {
  std::vector<std::uint8_t> bytes(100'002, 0);
  random_bytes(bytes.data() + 1, 100'000);
  CHECK(bytes.front() == 0);
  CHECK(bytes.back() == 0);
  // 256 equally likely values: each is missing from 100 000 with a probability of e^-391.
  CHECK(std::set<std::uint8_t>(bytes.begin() + 1, bytes.end() - 1).size() == 256);
}

}  // namespace
}  // namespace hart
