#include "infer/stop_filter.h"

#include <algorithm>
#include <utility>

namespace hart::infer {

std::string StopFilter::push(const std::string& piece, bool& stopped) {
  held_ += piece;
  std::size_t cut = std::string::npos;
  for (const std::string& stop : stops_)
    if (!stop.empty()) cut = std::min(cut, held_.find(stop));
  if (cut != std::string::npos) {
    stopped = true;
    return std::exchange(held_, {}).substr(0, cut);
  }
  const std::size_t keep = longest_beginning();
  std::string shown = held_.substr(0, held_.size() - keep);
  held_.erase(0, shown.size());
  return shown;
}

std::string StopFilter::finish() {
  return std::exchange(held_, {});
}

/// Length of the longest end of the text that a stop string begins with.
std::size_t StopFilter::longest_beginning() const {
  std::size_t longest = 0;
  for (const std::string& stop : stops_)
    for (std::size_t n = std::min(stop.size(), held_.size()); n > longest; --n)
      if (held_.compare(held_.size() - n, n, stop, 0, n) == 0) longest = n;
  return longest;
}

}  // namespace hart::infer
