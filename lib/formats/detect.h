#pragma once

#include <cstdint>
#include <string_view>

#include "core/bytes.h"

namespace hart::formats {

enum class FileFormat : std::uint8_t { gguf, safetensors, markdown, plain, unknown };

/// `gguf`, `safetensors`, `markdown`, `plain` or `unknown`.
[[nodiscard]] std::string_view file_format_name(FileFormat format) noexcept;

/// `detect` looks at no more than this many bytes, so a longer head changes nothing.
inline constexpr std::size_t kDetectBytes = 65536;

/// The format of a file of `file_bytes` bytes that begins with `head`, by content alone; names
/// play no part. Never fails.
///
/// GGUF by its magic; SafeTensors by a header length that fits the file before a `{`. Text is
/// UTF-8 (a sequence cut off by the end of `head` is forgiven) without control characters other
/// than tab, line feed, form feed, carriage return and escape; the empty file is plain text.
/// Text is Markdown when it has an ATX heading with text between blank lines (or the ends of
/// the head), a line that opens a fenced code block, an inline link, or at least two list
/// items; otherwise plain.
[[nodiscard]] FileFormat detect(ByteView head, std::uint64_t file_bytes) noexcept;

}  // namespace hart::formats
