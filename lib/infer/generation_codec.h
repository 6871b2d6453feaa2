#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "infer/generate.h"

namespace hart::infer {

/// All that a generation showed, to be shown again: text, receipt and usage follow from it.
struct RecordedGeneration {
  std::uint64_t tokens_in = 0;
  const char* finish_reason = finish_reason::kStop;  ///< kStop or kLength
  std::vector<TokenEvent> events;
};

/// The recording as bytes, with a checksum. Numbers are little-endian: the number of tokens
/// read (u64), the reason (u8: 0 stop, 1 length), the number of events (u32), and for each the
/// token (i32), its log-probability (f64), its text (u32 bytes), its alternatives (u32 of i32
/// and f64) and evidence (u32 of u32); at the end the first 8 bytes of the SHA-256 of all that.
[[nodiscard]] ByteBuffer encode_generation(const RecordedGeneration& recorded);
/// The inverse; nothing for bytes that are damaged.
[[nodiscard]] std::optional<RecordedGeneration> decode_generation(ByteView bytes);

}  // namespace hart::infer
