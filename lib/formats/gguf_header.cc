#include <algorithm>

#include "core/error.h"
#include "formats/gguf.h"

namespace hart::formats {
namespace {

/// The value under `key` as a T, null when the key is absent.
template <typename T>
const T* find_value(const GgufHeader& header, std::string_view key, const char* wanted) {
  const GgufEntry* entry = header.find(key);
  if (entry == nullptr) return nullptr;
  const T* value = std::get_if<T>(&entry->value);
  if (value == nullptr)
    throw Error{Fault::data, "GGUF metadata '" + std::string{key} + "': expected " + wanted +
                                 ", found type " +
                                 std::to_string(static_cast<std::uint32_t>(entry->type))};
  return value;
}

}  // namespace

const GgufEntry* GgufHeader::find(std::string_view key) const noexcept {
  const auto found = std::find_if(metadata.begin(), metadata.end(),
                                  [&](const GgufEntry& entry) { return entry.key == key; });
  return found == metadata.end() ? nullptr : &*found;
}

const GgufTensor* GgufHeader::find_tensor(std::string_view name) const noexcept {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(),
                   [&](const GgufTensor& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

std::uint64_t GgufHeader::get_uint(std::string_view key, std::uint64_t fallback) const {
  const auto* value = find_value<std::int64_t>(*this, key, "an integer");
  if (value == nullptr) return fallback;
  if (*value < 0 && find(key)->type != GgufType::u64)
    throw Error{Fault::data, "GGUF metadata '" + std::string{key} +
                                 "': expected a non-negative integer, found " +
                                 std::to_string(*value)};
  return static_cast<std::uint64_t>(*value);
}

double GgufHeader::get_float(std::string_view key, double fallback) const {
  const auto* value = find_value<double>(*this, key, "a float");
  return value == nullptr ? fallback : *value;
}

bool GgufHeader::get_bool(std::string_view key, bool fallback) const {
  const auto* value = find_value<bool>(*this, key, "a boolean");
  return value == nullptr ? fallback : *value;
}

std::string_view GgufHeader::get_string(std::string_view key, std::string_view fallback) const {
  const auto* value = find_value<std::string_view>(*this, key, "a string");
  return value == nullptr ? fallback : *value;
}

const GgufArray* GgufHeader::get_array(std::string_view key) const {
  return find_value<GgufArray>(*this, key, "an array");
}

void require_little_endian(const GgufHeader& header) {
  if (header.byte_order == ByteOrder::little) return;
  throw Error{Fault::data,
              "expected little-endian weights, found a big-endian GGUF file; store it and"
              " convert it with export --as gguf"};
}

}  // namespace hart::formats
