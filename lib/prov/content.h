#pragma once

#include <vector>

#include "core/bytes.h"
#include "core/events.h"

namespace hart::prov {

/// The encodings of committed content that is more than text. Specified in hart-receipt(5). The
/// decoders throw Error(data) on damaged bytes.

[[nodiscard]] ByteBuffer encode_evidence(const Evidence& evidence);
[[nodiscard]] Evidence decode_evidence(ByteView bytes);

/// Appends one token to the content of a run.
void append_token(ByteBuffer& out, const GeneratedToken& token);
/// All tokens of a run.
[[nodiscard]] std::vector<GeneratedToken> decode_tokens(ByteView bytes);

}  // namespace hart::prov
