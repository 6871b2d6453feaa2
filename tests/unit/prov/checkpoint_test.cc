#include "prov/checkpoint.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/error.h"

namespace hart::prov {
namespace {

// The example of c2sp.org/tlog-checkpoint.
const std::string kExampleText =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

TEST_CASE("checkpoint: the example of the specification is read and written back") {
  const Checkpoint checkpoint = parse_checkpoint(kExampleText);
  CHECK(checkpoint.origin == "example.com/behind-the-sofa");
  CHECK(checkpoint.size == 20'852'163);
  CHECK(to_hex(checkpoint.root) ==
        "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62");
  CHECK(checkpoint_text(checkpoint) == kExampleText);
}

TEST_CASE("checkpoint: an empty log, the largest size and extensions survive the text") {
  for (const Checkpoint& checkpoint : std::vector<Checkpoint>{
           {"a", 0, {}, {}}, {"log of a tenant", ~std::uint64_t{0}, {1}, {"x", "y z"}}}) {
    CHECK(parse_checkpoint(checkpoint_text(checkpoint)) == checkpoint);
  }
}

TEST_CASE("checkpoint: what is not as specified is refused") {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  for (const std::string& bad : std::vector<std::string>{
           "",
           "\n",
           "o\n",
           "o\n1\n",
           "\n1\n" + root,
           "o\n\n" + root,
           "o\n01\n" + root,
           "o\n-1\n" + root,
           "o\n+1\n" + root,
           "o\n1 \n" + root,
           "o\n0x1\n" + root,
           "o\n18446744073709551616\n" + root,
           "o\n1\n" + root.substr(1),
           "o\n1\nAAAA\n",
           "o\n1\n" + root.substr(0, root.size() - 1),
           "o\n1\n" + root + "\n",
           "o\n1\n" + root + "x",
       }) {
    CAPTURE(bad);
    CHECK_THROWS_AS((void)parse_checkpoint(bad), Error);
  }
  CHECK_THROWS_AS((void)checkpoint_text({"", 1, {}, {}}), Error);
  CHECK_THROWS_AS((void)checkpoint_text({"a\nb", 1, {}, {}}), Error);
  CHECK_THROWS_AS((void)checkpoint_text({"a", 1, {}, {""}}), Error);
}

}  // namespace
}  // namespace hart::prov
