// Any text as the value of a SafeTensors metadata key: it is refused with Fault::data, or
// becomes a GGUF entry that turns into a text and back without change.

#include "core/error.h"
#include "formats/convert_metadata.h"
#include "formats/utf8.h"
#include "fuzz_check.h"

namespace {

using namespace hart::formats;

hart::ByteBuffer header_of(const SafetensorsMetadata& metadata) {
  GgufWriter writer;
  add_gguf_metadata(writer, metadata);
  return writer.header();
}

SafetensorsMetadata metadata_of(const hart::ByteBuffer& header) {
  return safetensors_metadata(parse_gguf(header, header.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const SafetensorsMetadata metadata{{"key", std::string{hart::as_text({data, size})}}};
  hart::ByteBuffer header;
  try {
    header = header_of(metadata);
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
    return 0;
  }
  const SafetensorsMetadata turned = metadata_of(header);
  HART_FUZZ_CHECK(turned.size() == 1);
  HART_FUZZ_CHECK(is_utf8(turned[0].second));
  HART_FUZZ_CHECK(header_of(turned) == header);
  if (is_utf8(metadata[0].second) && !metadata[0].second.starts_with('{'))
    HART_FUZZ_CHECK(turned == metadata);
  return 0;
}
