#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace hart::nn {

/// An array of zeros, 64-byte aligned, of which only the touched pages take memory: a cache of
/// a long context costs little at the start. Moves, does not copy.
class ZeroedFloats {
 public:
  ZeroedFloats() = default;
  /// Throws Error(data) when the size overflows, Error(unavailable) when there is no memory.
  explicit ZeroedFloats(std::size_t count);

  [[nodiscard]] float* data() const noexcept { return data_; }

 private:
  struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  float* data_ = nullptr;
};

}  // namespace hart::nn
