#pragma once

#include <cstdint>

#include "core/bytes.h"
#include "formats/gguf.h"
#include "formats/gguf_cursor.h"

namespace hart::formats {

/// Arrays nest this deep at most: an array of arrays of numbers is two deep.
inline constexpr int kMaxGgufArrayDepth = 8;

/// The double of the same value as the f32 of these bits. Unlike the processor's conversion it
/// keeps the payload of a NaN, so that f32_bits gives back the same bits.
[[nodiscard]] double widen_f32(std::uint32_t bits) noexcept;
/// The bits of the f32 nearest to `value`; the inverse of widen_f32 on what that gives.
[[nodiscard]] std::uint32_t f32_bits(double value) noexcept;

/// Reads the id of a value type. Throws Error(data) on an unknown one.
[[nodiscard]] GgufType read_gguf_type(GgufCursor& cursor);
/// Reads a value of `type`. Booleans other than 0 and 1 occur and are true, as ggml reads them.
/// Throws Error(data) when the bytes end early, a length exceeds them, or arrays nest deeper
/// than kMaxGgufArrayDepth.
[[nodiscard]] GgufValue read_gguf_value(GgufCursor& cursor, GgufType type);

/// Appends `value` as a file of version 2 or 3 holds it after its type. Throws Error(usage)
/// when `value` does not hold what `type` says or does not fit it.
void append_gguf_value(ByteBuffer& out, GgufType type, const GgufValue& value,
                       ByteOrder order = ByteOrder::little);
/// Appends `text` after its length.
void append_gguf_string(ByteBuffer& out, std::string_view text, ByteOrder order);

}  // namespace hart::formats
