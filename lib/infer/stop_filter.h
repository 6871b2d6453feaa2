#pragma once

#include <string>
#include <vector>

namespace hart::infer {

/// Text that streams out while nothing in it can still become a stop string.
class StopFilter {
 public:
  /// Empty stop strings stop nothing.
  explicit StopFilter(std::vector<std::string> stops) : stops_{std::move(stops)} {}

  /// What may be shown now that `piece` has come. Sets `stopped` when a stop string is
  /// complete: what stands before the first of them is shown, and nothing is held any more.
  [[nodiscard]] std::string push(const std::string& piece, bool& stopped);
  /// What is still held.
  [[nodiscard]] std::string finish();

 private:
  [[nodiscard]] std::size_t longest_beginning() const;

  std::vector<std::string> stops_;
  std::string held_;
};

}  // namespace hart::infer
