// Any bytes: receipts and the contents that they commit to are refused with Fault::data, or
// decode.

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "fuzz_check.h"
#include "prov/content.h"
#include "prov/receipt.h"
#include "prov/receipt_openings.h"

namespace {

template <typename Decode> void refused_or_decoded(const Decode& decode) {
  try {
    decode();
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hart::ByteView bytes{data, size};
  refused_or_decoded([&] {
    const hart::prov::Receipt receipt = hart::prov::decode_receipt(bytes);
    HART_FUZZ_CHECK(!receipt.commitments().empty());
  });
  refused_or_decoded([&] {
    const hart::Evidence evidence = hart::prov::decode_evidence(bytes);
    const hart::ByteBuffer again = hart::prov::encode_evidence(evidence);
    HART_FUZZ_CHECK(hart::prov::decode_evidence(again).text == evidence.text);
  });
  refused_or_decoded([&] {
    const hart::ByteBuffer again =
        hart::prov::encode_subject(hart::prov::decode_subject(bytes));
    HART_FUZZ_CHECK(std::ranges::equal(again, bytes));
  });
  refused_or_decoded([&] {
    const hart::ByteBuffer again = hart::prov::encode_query(hart::prov::decode_query(bytes));
    HART_FUZZ_CHECK(std::ranges::equal(again, bytes));
  });
  refused_or_decoded([&] {
    std::vector<hart::prov::Opening> openings;
    for (const auto& [position, opening] : hart::prov::decode_openings(bytes))
      openings.push_back(opening);
    HART_FUZZ_CHECK(std::ranges::equal(hart::prov::encode_openings(openings), bytes));
  });
  refused_or_decoded([&] {
    hart::ByteBuffer again;
    for (const hart::GeneratedToken& token : hart::prov::decode_tokens(bytes))
      hart::prov::append_token(again, token);
    HART_FUZZ_CHECK(again.size() == size);
  });
  return 0;
}
