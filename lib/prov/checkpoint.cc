#include "prov/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"

namespace hart::prov {
namespace {

Error bad_checkpoint(const char* line, const char* expectation) {
  return Error{Fault::data, std::string{"checkpoint: "} + line + ": expected " + expectation};
}

std::string_view take_checkpoint_line(std::string_view& text, const char* name) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || end == 0)
    throw bad_checkpoint(name, "a line that is not empty");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::uint64_t parse_tree_size(std::string_view digits) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc{} || end != digits.data() + digits.size() ||
      (digits.size() > 1 && digits[0] == '0'))
    throw bad_checkpoint("size", "a decimal number without leading zeros");
  return size;
}

Hash256 parse_root_hash(std::string_view base64) {
  ByteBuffer bytes;
  try {
    bytes = from_base64(base64);
  } catch (const Error&) {
    // As much a wrong root as one of another length.
    bytes.clear();
  }
  Hash256 root;
  if (bytes.size() != root.size()) throw bad_checkpoint("root", "32 bytes in base64");
  std::ranges::copy(bytes, root.begin());
  return root;
}

void append_checkpoint_line(std::string& text, const std::string& line, const char* name) {
  if (line.empty() || line.find('\n') != std::string::npos)
    throw bad_checkpoint(name, "one line that is not empty");
  text += line + '\n';
}

}  // namespace

std::string checkpoint_text(const Checkpoint& checkpoint) {
  std::string text;
  append_checkpoint_line(text, checkpoint.origin, "origin");
  text += std::to_string(checkpoint.size) + '\n' + to_base64(checkpoint.root) + '\n';
  for (const std::string& extension : checkpoint.extensions)
    append_checkpoint_line(text, extension, "extension");
  return text;
}

Checkpoint parse_checkpoint(std::string_view text) {
  Checkpoint checkpoint;
  checkpoint.origin = take_checkpoint_line(text, "origin");
  checkpoint.size = parse_tree_size(take_checkpoint_line(text, "size"));
  checkpoint.root = parse_root_hash(take_checkpoint_line(text, "root"));
  while (!text.empty())
    checkpoint.extensions.emplace_back(take_checkpoint_line(text, "extension"));
  return checkpoint;
}

}  // namespace hart::prov
