#pragma once

#include <string>

namespace hart::cli {

/// The API key that a file holds: its first line. Throws Error(no_input) and kin, Error(denied)
/// when others than its owner may read the file, Error(data) when it is empty or too long.
[[nodiscard]] std::string read_api_key_file(const std::string& path);

/// Writes an API key to a new file that only its owner may read. Throws Error(cannot_create)
/// and kin.
void write_api_key_file(const std::string& path, const std::string& key);

}  // namespace hart::cli
