#include "vector_input.h"

#include <cmath>
#include <cstring>

#include "core/bytes.h"
#include "core/error.h"

namespace hart::search_tool {
namespace {

[[noreturn]] void refuse(const char* why) {
  throw Error{Fault::data, std::string{"query vector: "} + why};
}

std::vector<float> read_array(const Json& array) {
  std::vector<float> vector;
  vector.reserve(array.size());
  for (const Json& element : array) {
    if (!element.is_number()) refuse("an element is not a number");
    const auto value = static_cast<float>(element.get<double>());
    if (!std::isfinite(value)) refuse("an element is too large for f32");
    vector.push_back(value);
  }
  return vector;
}

std::vector<float> read_base64(const Json& object) {
  if (object.value("dtype", Json{}) != "f32") refuse("the dtype is not f32");
  const ByteBuffer bytes = from_base64(object["base64"].get<std::string>());
  if (bytes.size() % sizeof(float) != 0)
    refuse("the base64 is not a whole number of f32 values");
  std::vector<float> vector(bytes.size() / sizeof(float));
  if (!vector.empty()) std::memcpy(vector.data(), bytes.data(), bytes.size());
  for (const float value : vector)
    if (!std::isfinite(value)) refuse("an element is not finite");
  return vector;
}

}  // namespace

std::vector<float> read_vector(const Json& json) {
  if (json.is_object() && json.contains("vector")) return read_vector(json["vector"]);
  std::vector<float> vector;
  if (json.is_array())
    vector = read_array(json);
  else if (json.is_object() && json.contains("base64") && json["base64"].is_string())
    vector = read_base64(json);
  else
    refuse("expected an array of numbers or {\"dtype\",\"base64\"}");
  if (vector.empty()) refuse("it is empty");
  return vector;
}

}  // namespace hart::search_tool
