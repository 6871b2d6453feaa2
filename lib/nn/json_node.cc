#include "nn/json_node.h"

#include "core/error.h"

namespace hart::nn {
namespace {

constexpr int kDeepest = 64;

/// Levels of brackets, those in strings left out.
int nesting(std::string_view text) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\')
        ++at;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

JsonNode::Value parse_json_file(ByteView bytes, const std::string& name) {
  const std::string_view text = as_text(bytes);
  if (nesting(text) > kDeepest)
    throw Error{Fault::data, name + ": nested deeper than 64 levels"};
  try {
    return JsonNode::Value::parse(text);
  } catch (const JsonNode::Value::parse_error& error) {
    throw Error{Fault::data, name + ": malformed JSON at byte " + std::to_string(error.byte)};
  } catch (const JsonNode::Value::exception& error) {
    throw Error{Fault::data, name + ": malformed JSON: " + error.what()};
  }
}

void JsonNode::refuse(const std::string& because) const {
  throw Error{Fault::data, path_ + ": " + because};
}

std::optional<JsonNode> JsonNode::find(const std::string& key) const {
  if (!value_->is_object()) refuse("an object is expected");
  const auto found = value_->find(key);
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonNode{*found, path_ + (path_.ends_with(".json") ? ": " : ".") + key};
}

JsonNode JsonNode::at(const std::string& key) const {
  const auto found = find(key);
  if (!found) refuse("'" + key + "' is missing");
  return *found;
}

std::vector<JsonNode> JsonNode::elements() const {
  if (!value_->is_array()) refuse("an array is expected");
  std::vector<JsonNode> nodes;
  nodes.reserve(value_->size());
  for (std::size_t i = 0; i < value_->size(); ++i)
    nodes.emplace_back((*value_)[i], path_ + "[" + std::to_string(i) + "]");
  return nodes;
}

const std::string& JsonNode::string() const {
  if (!value_->is_string()) refuse("a string is expected");
  return value_->get_ref<const std::string&>();
}

double JsonNode::number() const {
  if (!value_->is_number()) refuse("a number is expected");
  return value_->get<double>();
}

std::int64_t JsonNode::integer(std::int64_t least, std::int64_t most) const {
  const bool is_inside =
      value_->is_number_integer() &&
      (!value_->is_number_unsigned() ||
       value_->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)) &&
      value_->get<std::int64_t>() >= least && value_->get<std::int64_t>() <= most;
  if (!is_inside)
    refuse("an integer from " + std::to_string(least) + " to " + std::to_string(most) +
           " is expected");
  return value_->get<std::int64_t>();
}

std::string JsonNode::string_at(const std::string& key, const std::string& otherwise) const {
  const auto found = find(key);
  return found ? found->string() : otherwise;
}

bool JsonNode::boolean_at(const std::string& key, bool otherwise) const {
  const auto found = find(key);
  if (!found) return otherwise;
  if (!found->value_->is_boolean()) found->refuse("true or false is expected");
  return found->value_->get<bool>();
}

}  // namespace hart::nn
