// Any bytes: refused with Fault::data, or a tokenizer that encodes any text into tokens of its
// vocabulary and decodes them again. What follows the first zero byte is the text.

#include <algorithm>

#include "core/bytes.h"
#include "core/error.h"
#include "fuzz_check.h"
#include "nn/tokenizer_json.h"

namespace {

void check_text(const hart::nn::Tokenizer& tokenizer, std::string_view text) {
  try {
    const auto tokens = tokenizer.encode(text, {.add_special = true, .parse_special = true});
    for (const hart::nn::TokenId token : tokens) {
      HART_FUZZ_CHECK(tokenizer.vocabulary().contains(token));
      static_cast<void>(tokenizer.piece(token));
    }
    static_cast<void>(tokenizer.decode(tokens));
    static_cast<void>(tokenizer.encode(text));
  } catch (const hart::Error& error) {
    // An expression of the file may take too long.
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::uint8_t* end = data + size;
  const std::uint8_t* zero = std::find(data, end, std::uint8_t{0});
  const hart::ByteView json{data, zero};
  const std::string_view text =
      hart::as_text(zero == end ? json : hart::ByteView{zero + 1, end});
  try {
    const auto tokenizer = hart::nn::make_tokenizer_from_json(json, {});
    check_text(*tokenizer, text);
    check_text(*tokenizer, "Hello, wörld's  12345\n\xFF [MASK]<s>");
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
  return 0;
}
