#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/mapped_file.h"

namespace hart::infer {

/// What a session knows of a prompt's first tokens, read from a file of the prefix cache.
struct PrefixState {
  MappedFile file;
  std::uint32_t positions = 0;

  /// For TransformerSession::restore.
  [[nodiscard]] ByteView state() const noexcept;
};

/// Writes a file of the prefix cache, mode 0600: the magic `HARTKV`, two zero bytes, version
/// (u32), positions (u32), bytes of the state (u64), 8 zero bytes, the key (32 bytes), the
/// SHA-256 of these 64 bytes and the state; then the state. Throws Error(io) and kin.
void write_prefix_file(const std::string& path, const Hash256& key, std::uint32_t positions,
                       ByteView state);
/// Reads it back; nothing when there is no such file, or it is not whole, or of another key.
[[nodiscard]] std::optional<PrefixState> read_prefix_file(const std::string& path,
                                                          const Hash256& key);
/// Bytes of a file whose state takes `state_bytes`.
[[nodiscard]] std::uint64_t prefix_file_bytes(std::uint64_t state_bytes) noexcept;

}  // namespace hart::infer
