#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace hart::nn {

/// A value of a JSON file and its path, so that every error says where and what was expected:
/// "tokenizer.json: model.vocab: an object is expected". Keys have no order here, for a
/// vocabulary has hundreds of thousands. Views into the document, which must outlive it.
class JsonNode {
 public:
  using Value = nlohmann::json;

  JsonNode(const Value& value, std::string path) : value_{&value}, path_{std::move(path)} {}

  [[nodiscard]] const Value& value() const noexcept { return *value_; }
  [[nodiscard]] bool is_string() const noexcept { return value_->is_string(); }
  [[nodiscard]] bool is_array() const noexcept { return value_->is_array(); }
  [[nodiscard]] bool is_object() const noexcept { return value_->is_object(); }

  /// The member `key`, unless it is missing or null. Throws Error(data) when this is no object.
  [[nodiscard]] std::optional<JsonNode> find(const std::string& key) const;
  /// The same, which must be there.
  [[nodiscard]] JsonNode at(const std::string& key) const;
  /// The elements of an array.
  [[nodiscard]] std::vector<JsonNode> elements() const;

  // Each throws Error(data) when the value is of another kind, or outside the bounds.
  [[nodiscard]] const std::string& string() const;
  [[nodiscard]] double number() const;
  [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most) const;

  // Members, or `otherwise` when they are missing or null.
  [[nodiscard]] std::string string_at(const std::string& key,
                                      const std::string& otherwise) const;
  [[nodiscard]] bool boolean_at(const std::string& key, bool otherwise) const;

  /// Throws Error(data), "PATH: BECAUSE".
  [[noreturn]] void refuse(const std::string& because) const;

 private:
  const Value* value_;
  std::string path_;
};

/// Parses a JSON file. Throws Error(data) on malformed text and on nesting deeper than 64.
[[nodiscard]] JsonNode::Value parse_json_file(ByteView bytes, const std::string& name);

}  // namespace hart::nn
