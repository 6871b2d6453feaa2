// Any text is refused as a template or becomes one; rendering it gives valid UTF-8 within the
// limits, the same twice, or an error that names a place.

#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/error.h"
#include "formats/utf8.h"
#include "fuzz_check.h"
#include "nn/chat_template.h"

namespace {

using hart::Json;
using hart::nn::ChatTemplate;

constexpr std::uint64_t kOutputBytes = 1 << 16;

/// Names a template is likely to use, so that mutations of the corpus find something.
const Json& variables() {
  static const Json value = {
      {"messages",
       {{{"role", "system"}, {"content", "Be brief."}},
        {{"role", "user"}, {"content", " h\u00e9llo <b> "}},
        {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", {{{"name", "f"}}}}}}},
      {"tools", {{{"name", "f"}, {"parameters", {{"x", 1.5}, {"y", {1, 2, 3}}}}}}},
      {"documents", nullptr},
      {"add_generation_prompt", true},
      {"bos_token", "<s>"},
      {"eos_token", "</s>"},
      {"n", 7}};
  return value;
}

std::optional<std::string> rendered(const ChatTemplate& chat) {
  try {
    return chat.render(
        variables(),
        {.limits = {.output_bytes = kOutputBytes, .value_bytes = 1 << 20, .steps = 20'000}});
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
    HART_FUZZ_CHECK(std::string_view{error.what()}.starts_with("line "));
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::optional<ChatTemplate> chat;
  try {
    chat.emplace(hart::as_text({data, size}));
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
    return 0;
  }
  const auto text = rendered(*chat);
  if (text) {
    HART_FUZZ_CHECK(text->size() <= kOutputBytes);
    HART_FUZZ_CHECK(hart::formats::is_utf8(*text));
  }
  HART_FUZZ_CHECK(rendered(*chat) == text);
  return 0;
}
