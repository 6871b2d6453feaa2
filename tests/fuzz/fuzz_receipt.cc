// Any bytes: receipts and the contents that they commit to are refused with Fault::data, or
// decode.

#include "core/error.h"
#include "fuzz_check.h"
#include "prov/content.h"
#include "prov/receipt.h"

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
    hart::ByteBuffer again;
    for (const hart::GeneratedToken& token : hart::prov::decode_tokens(bytes))
      hart::prov::append_token(again, token);
    HART_FUZZ_CHECK(again.size() == size);
  });
  return 0;
}
