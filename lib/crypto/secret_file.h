#pragma once

#include <string>
#include <string_view>

namespace hart::crypto {

/// The secret that a file or a pipe holds: its first line. `what` names it in messages ("API
/// key"). Throws Error(no_input) and kin, Error(denied) when others than its owner may read the
/// file, Error(data) when it is empty, longer than a secret is or a directory. The caller wipes
/// the text.
[[nodiscard]] std::string read_secret_file(const std::string& path, std::string_view what);

/// Writes a secret and a newline to a new file that only its owner may read, and returns when
/// it is on stable storage under its name. Throws Error(cannot_create) and kin.
void write_secret_file(const std::string& path, std::string_view secret);

/// Wipes a text that was secret.
void wipe(std::string& text) noexcept;

}  // namespace hart::crypto
