// Any text: signed notes, their keys and checkpoints are refused with Fault::data, or are
// written back byte for byte as they were read.

#include <string>

#include "core/error.h"
#include "crypto/signed_note.h"
#include "fuzz_check.h"
#include "prov/checkpoint.h"

namespace {

template <typename Read> void refused_or_as_before(std::string_view text, const Read& read) {
  try {
    const std::string again = read();
    HART_FUZZ_CHECK(again == text);
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = hart::as_text({data, size});
  refused_or_as_before(
      text, [&] { return hart::crypto::format_note(hart::crypto::parse_note(text)); });
  refused_or_as_before(
      text, [&] { return hart::prov::checkpoint_text(hart::prov::parse_checkpoint(text)); });
  refused_or_as_before(text, [&] { return hart::crypto::NoteVerifier::parse(text).text(); });
  try {
    static_cast<void>(hart::crypto::NoteSigner::parse(text));
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
  return 0;
}
