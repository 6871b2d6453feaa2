#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"

namespace hart::formats {

/// A tensor's description as it stands in the header, nothing checked but the JSON types.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;         ///< outermost dimension first
  std::vector<std::uint64_t> data_offsets;  ///< begin, end
};

/// Takes the events of nlohmann's SAX parser for a SafeTensors header and keeps its entries. It
/// knows the only structure that is legal, so that no other nesting or value is ever held, and
/// it sees keys given twice, which a DOM would swallow. Throws Error(data) at the first
/// violation.
class SafetensorsSax : public Json::json_sax_t {
 public:
  std::vector<SafetensorsEntry> entries;
  std::vector<std::pair<std::string, std::string>> metadata;

  bool null() override;
  bool boolean(bool value) override;
  bool number_integer(std::int64_t value) override;
  bool number_unsigned(std::uint64_t value) override;
  bool number_float(double value, const std::string& text) override;
  bool string(std::string& value) override;
  bool binary(Json::binary_t& value) override;
  bool start_object(std::size_t size) override;
  bool key(std::string& name) override;
  bool end_object() override;
  bool start_array(std::size_t size) override;
  bool end_array() override;
  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& error) override;

 private:
  enum class State { begin, header, metadata, tensor, numbers, end };

  [[noreturn]] void fail(const std::string& message) const;

  State state_ = State::begin;
  std::string key_;  ///< the key read last in the innermost object
  bool has_metadata_ = false;
  unsigned fields_ = 0;  ///< bits of the fields that the tensor has had
};

}  // namespace hart::formats
