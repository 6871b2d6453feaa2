#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "formats/gguf.h"

namespace hart::nn {

/// A GGUF header made by hand. The header views into the builder's strings.
class HeaderBuilder {
 public:
  HeaderBuilder& text(std::string_view key, std::string_view value) {
    return put(key, formats::GgufType::string, keep(value));
  }
  HeaderBuilder& integer(std::string_view key, std::int64_t value) {
    return put(key, formats::GgufType::i64, value);
  }
  HeaderBuilder& number(std::string_view key, double value) {
    return put(key, formats::GgufType::f32, value);
  }
  HeaderBuilder& boolean(std::string_view key, bool value) {
    return put(key, formats::GgufType::boolean, value);
  }
  HeaderBuilder& texts(std::string_view key, const std::vector<std::string>& values) {
    formats::GgufArray array;
    array.element = formats::GgufType::string;
    for (const std::string& value : values) array.strings.push_back(keep(value));
    return put(key, formats::GgufType::array, std::move(array));
  }
  HeaderBuilder& integers(std::string_view key, std::vector<std::int64_t> values) {
    formats::GgufArray array;
    array.element = formats::GgufType::i32;
    array.integers = std::move(values);
    return put(key, formats::GgufType::array, std::move(array));
  }
  HeaderBuilder& numbers(std::string_view key, std::vector<double> values) {
    formats::GgufArray array;
    array.element = formats::GgufType::f32;
    array.floats = std::move(values);
    return put(key, formats::GgufType::array, std::move(array));
  }
  HeaderBuilder& byte_order(formats::ByteOrder order) {
    header_.byte_order = order;
    return *this;
  }
  HeaderBuilder& remove(std::string_view key) {
    std::erase_if(header_.metadata, [&](const auto& entry) { return entry.key == key; });
    return *this;
  }

  [[nodiscard]] const formats::GgufHeader& header() const noexcept { return header_; }

 private:
  std::string_view keep(std::string_view value) { return strings_.emplace_back(value); }
  HeaderBuilder& put(std::string_view key, formats::GgufType type, formats::GgufValue value) {
    remove(key);
    header_.metadata.push_back({keep(key), type, std::move(value)});
    return *this;
  }

  std::deque<std::string> strings_;
  formats::GgufHeader header_;
};

}  // namespace hart::nn
