#include "core/id.h"

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"

namespace hart {
namespace {

TEST_CASE("id: each space has its prefix, and text and id are inverse") {
  for (const auto& [space, prefix] :
       {std::pair{IdSpace::content, "sha256:"}, std::pair{IdSpace::structure, "tree:"},
        std::pair{IdSpace::keyed, "hmac:"}}) {
    Id id{space, {}};
    for (std::size_t i = 0; i < id.hash.size(); ++i)
      id.hash[i] = static_cast<std::uint8_t>(7 * i);
    CHECK(id.text() == prefix + to_hex(id.hash));
    CHECK(parse_id(id.text()) == id);
  }
}

TEST_CASE("id: equal digests in different spaces are different ids") {
  CHECK(Id{IdSpace::content, {}} != Id{IdSpace::structure, {}});
  CHECK(Id{IdSpace::structure, {}} != Id{IdSpace::keyed, {}});
}

TEST_CASE("id: a missing or unknown space, and all but 64 digits, are refused") {
  const std::string digits(64, 'a');
  REQUIRE_NOTHROW((void)parse_id("sha256:" + digits));
  for (const std::string& bad :
       {std::string{}, digits, "sha1:" + digits, "SHA256:" + digits, "sha256" + digits,
        std::string{"sha256:"}, "sha256:" + digits.substr(2), "sha256:" + digits.substr(1),
        "sha256:" + digits + "aa", "sha256: " + digits.substr(1),
        "tree:" + digits.substr(1) + "g"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS((void)parse_id(bad), Error);
  }
}

}  // namespace
}  // namespace hart
