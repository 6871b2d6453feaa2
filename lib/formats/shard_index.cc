#include "formats/shard_index.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/json.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

// Deeper than any index; what is ignored must not grow the parser's stack.
constexpr std::size_t kMaxDepth = 256;
// Above, a double does not tell neighbouring integers apart.
constexpr double kMaxExact = 9007199254740992.0;

/// Takes the events of nlohmann's SAX parser: a DOM would swallow tensors given twice.
class ShardIndexSax : public Json::json_sax_t {
 public:
  explicit ShardIndexSax(const std::string& what) : what_{what} {}

  ShardIndex index;
  bool has_weight_map = false;

  bool null() override { return scalar("null"); }
  bool boolean(bool) override { return scalar("a boolean"); }
  bool number_integer(std::int64_t value) override {
    if (at_total_size()) fail("expected total_size as a whole number, found a negative one");
    return scalar(std::to_string(value));
  }
  bool number_unsigned(std::uint64_t value) override {
    if (!at_total_size()) return scalar(std::to_string(value));
    return set_total_size(value);
  }
  bool number_float(double value, const std::string& text) override {
    if (!at_total_size()) return scalar(text);
    // Some writers divided before they wrote.
    if (!(value >= 0 && value <= kMaxExact) ||
        value != static_cast<double>(static_cast<std::uint64_t>(value)))
      fail("expected total_size as a whole number, found " + text);
    return set_total_size(static_cast<std::uint64_t>(value));
  }
  bool string(std::string& value) override {
    if (!at_weight()) return scalar("a string");
    if (!is_shard_name(value))
      fail("tensor '" + key_ + "': expected the relative path of a .safetensors file, found '" +
           value + "'");
    if (!index.weight_map.emplace(key_, std::move(value)).second)
      fail("expected each tensor once, found '" + key_ + "' again");
    return true;
  }
  bool binary(Json::binary_t&) override { return scalar("a binary value"); }

  bool start_object(std::size_t) override {
    if (at_weight() || at_total_size()) scalar("an object");
    if (depth_ == 1) section_ = key_;
    enter();
    return true;
  }
  bool key(std::string& name) override {
    if (depth_ == 1 && !members_.insert(name).second)
      fail("expected each member once, found '" + name + "' again");
    if (depth_ == 1 && name == "weight_map") has_weight_map = true;
    key_ = std::move(name);
    return true;
  }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override {
    if (depth_ == 0 || at_weight() || at_total_size() || at_weight_map()) scalar("an array");
    if (depth_ == 1) section_.clear();
    enter();
    return true;
  }
  bool end_array() override { return leave(); }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    fail("malformed JSON at byte " + std::to_string(position));
  }

 private:
  [[nodiscard]] bool at_weight_map() const { return depth_ == 1 && key_ == "weight_map"; }
  [[nodiscard]] bool at_weight() const { return depth_ == 2 && section_ == "weight_map"; }
  [[nodiscard]] bool at_total_size() const {
    return depth_ == 2 && section_ == "metadata" && key_ == "total_size";
  }

  /// A value that is ignored, unless something else is expected in its place.
  bool scalar(const std::string& found) {
    if (depth_ == 0) fail("expected an object, found " + found);
    if (at_weight_map()) fail("expected weight_map as an object, found " + found);
    if (at_weight()) fail("tensor '" + key_ + "': expected a file name, found " + found);
    if (at_total_size()) fail("expected total_size as a whole number, found " + found);
    return true;
  }

  bool set_total_size(std::uint64_t value) {
    if (index.total_size) fail("expected total_size once, found it again");
    index.total_size = value;
    return true;
  }

  void enter() {
    if (++depth_ > kMaxDepth) fail("nested deeper than 256 levels");
  }
  bool leave() {
    --depth_;
    return true;
  }
  [[noreturn]] void fail(const std::string& message) const {
    throw Error{Fault::data, what_ + ": " + message};
  }

  const std::string& what_;
  std::size_t depth_ = 0;
  std::string key_;      ///< the key read last
  std::string section_;  ///< the member of the root that is an object and open
  std::set<std::string> members_;
};

}  // namespace

std::vector<std::string> ShardIndex::files() const {
  std::set<std::string> names;
  for (const auto& [tensor, file] : weight_map) names.insert(file);
  return {names.begin(), names.end()};
}

bool is_shard_name(std::string_view name) noexcept {
  if (!name.ends_with(".safetensors") || !is_utf8(name)) return false;
  if (std::any_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '\\';
      }))
    return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    if (begin == end || name[begin] == '.') return false;
    begin = end + 1;
  }
  return true;
}

ShardIndex parse_shard_index(std::string_view text, const std::string& what) {
  ShardIndexSax sax{what};
  static_cast<void>(Json::sax_parse(text, &sax));
  if (!sax.has_weight_map) throw Error{Fault::data, what + ": expected weight_map, found none"};
  return std::move(sax.index);
}

std::string write_shard_index(const ShardIndex& index) {
  // As text: an ordered JSON object searches all its members at every insertion.
  std::string out = "{\n  \"metadata\": {";
  if (index.total_size)
    out += "\n    \"total_size\": " + std::to_string(*index.total_size) + "\n  ";
  out += "},\n  \"weight_map\": {";
  const char* separator = "\n";
  for (const auto& [tensor, file] : index.weight_map) {
    out += separator;
    out += "    " + dump_json(Json(tensor)) + ": " + dump_json(Json(file));
    separator = ",\n";
  }
  return out + (index.weight_map.empty() ? "}\n}\n" : "\n  }\n}\n");
}

}  // namespace hart::formats
