#include "nn/zeroed_floats.h"

#include <sys/mman.h>

#include <cstdint>
#include <string>

#include "core/checked.h"
#include "core/error.h"

namespace hart::nn {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

/// Asks for large pages where several fit: attention walks through the whole cache for every
/// token. The kernel may say no.
void advise_large_pages(float* data, std::size_t bytes) noexcept {
  if (bytes < 4 * kHugePage) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t last = (begin + bytes) / kHugePage * kHugePage;
  (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

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
  advise_large_pages(data_, bytes);
}

}  // namespace hart::nn
