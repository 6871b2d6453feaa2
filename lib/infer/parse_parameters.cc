#include "infer/parse_parameters.h"

#include <limits>
#include <string>

#include "core/error.h"

namespace hart::infer {
namespace {

struct RealParameter {
  const char* name;
  double nn::SamplerOptions::*field;
};
constexpr RealParameter kReals[] = {
    {"temperature", &nn::SamplerOptions::temperature},
    {"top_n_sigma", &nn::SamplerOptions::top_n_sigma},
    {"typical_p", &nn::SamplerOptions::typical_p},
    {"top_p", &nn::SamplerOptions::top_p},
    {"min_p", &nn::SamplerOptions::min_p},
    {"xtc_probability", &nn::SamplerOptions::xtc_probability},
    {"xtc_threshold", &nn::SamplerOptions::xtc_threshold},
    {"repeat_penalty", &nn::SamplerOptions::repeat_penalty},
    {"frequency_penalty", &nn::SamplerOptions::frequency_penalty},
    {"presence_penalty", &nn::SamplerOptions::presence_penalty},
    {"mirostat_tau", &nn::SamplerOptions::mirostat_tau},
    {"mirostat_eta", &nn::SamplerOptions::mirostat_eta},
};

struct CountParameter {
  const char* name;
  std::uint32_t nn::SamplerOptions::*field;
};
constexpr CountParameter kCounts[] = {
    {"top_k", &nn::SamplerOptions::top_k},
    {"repeat_last_n", &nn::SamplerOptions::repeat_last_n},
    {"mirostat", &nn::SamplerOptions::mirostat},
};

[[noreturn]] void throw_mistyped(const std::string& name, const char* expected) {
  throw Error{Fault::data, "parameter '" + name + "' is not " + expected};
}

double real_value(const std::string& name, const Json& value) {
  if (!value.is_number()) throw_mistyped(name, "a number");
  return value.get<double>();
}

std::uint32_t count_value(const std::string& name, const Json& value) {
  if (!value.is_number_unsigned() ||
      value.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max())
    throw_mistyped(name, "a whole number of 32 bits");
  return value.get<std::uint32_t>();
}

bool flag_value(const std::string& name, const Json& value) {
  if (!value.is_boolean()) throw_mistyped(name, "true or false");
  return value.get<bool>();
}

std::string text_value(const std::string& name, const Json& value) {
  if (!value.is_string()) throw_mistyped(name, "a string");
  return value.get<std::string>();
}

std::vector<std::string> text_values(const std::string& name, const Json& value) {
  if (!value.is_array()) throw_mistyped(name, "an array of strings");
  std::vector<std::string> all;
  for (const Json& one : value) all.push_back(text_value(name, one));
  return all;
}

nn::KvType kv_type_value(const std::string& name, const Json& value) {
  const std::string type = text_value(name, value);
  if (type == "f32") return nn::KvType::f32;
  if (type == "q8_0") return nn::KvType::q8_0;
  throw_mistyped(name, "f32 or q8_0");
}

/// False where it is no parameter of the sampler.
bool take_sampling(nn::SamplerOptions& sampling, const std::string& name, const Json& value) {
  for (const RealParameter& parameter : kReals)
    if (name == parameter.name) {
      sampling.*parameter.field = real_value(name, value);
      return true;
    }
  for (const CountParameter& parameter : kCounts)
    if (name == parameter.name) {
      sampling.*parameter.field = count_value(name, value);
      return true;
    }
  return false;
}

void take_parameter(RecordedRequest& recorded, const std::string& name, const Json& value) {
  GenerateRequest& request = recorded.request;
  if (take_sampling(request.sampling, name, value)) return;
  if (name == "max_tokens")
    request.max_tokens = count_value(name, value);
  else if (name == "context_length")
    request.context_length = count_value(name, value);
  else if (name == "stop")
    request.stop = text_values(name, value);
  else if (name == "kv_type")
    request.kv_type = kv_type_value(name, value);
  else if (name == "grammar")
    recorded.grammar = parse_id(text_value(name, value));
  else if (name == "add_special")
    request.encoding.add_special = flag_value(name, value);
  else if (name == "parse_special")
    request.encoding.parse_special = flag_value(name, value);
  else
    throw Error{Fault::data, "parameter '" + name + "' is not known to this build"};
}

}  // namespace

RecordedRequest parse_generation_parameters(const Json& parameters) {
  if (!parameters.is_object()) throw Error{Fault::data, "the parameters are no JSON object"};
  RecordedRequest recorded;
  for (auto it = parameters.begin(); it != parameters.end(); ++it)
    take_parameter(recorded, it.key(), it.value());
  return recorded;
}

}  // namespace hart::infer
