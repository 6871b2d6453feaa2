#include "nn/zeroed_floats.h"

#include <string>

#include "core/checked.h"
#include "core/error.h"

namespace hart::nn {
namespace {

constexpr std::size_t kAlignment = 64;

}  // namespace

ZeroedFloats::ZeroedFloats(std::size_t count) {
  const std::size_t bytes = checked_multiply(count, sizeof(float), "memory for inference");
  std::size_t space = checked_add(bytes, kAlignment, "memory for inference");
  memory_.reset(std::calloc(space, 1));
  if (memory_ == nullptr)
    throw Error{Fault::unavailable,
                "not enough memory for inference: " + std::to_string(space) + " bytes"};
  void* aligned = memory_.get();
  data_ = static_cast<float*>(std::align(kAlignment, bytes, aligned, space));
}

}  // namespace hart::nn
