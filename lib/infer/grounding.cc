#include "infer/grounding.h"

#include <algorithm>

namespace hart::infer {

Grounding::Grounding(const nn::Tokenizer& tokenizer, std::span<const Evidence> evidence) {
  for (const Evidence& item : evidence) {
    Tracked tracked;
    tracked.tokens = tokenizer.encode(item.text);
    tracked.run.assign(tracked.tokens.size(), 0);
    tracked_.push_back(std::move(tracked));
  }
}

std::vector<std::uint32_t> Grounding::next(nn::TokenId token) {
  std::uint32_t longest = kShortestRun - 1;
  std::vector<std::uint32_t> leaning;
  for (std::uint32_t index = 0; index < tracked_.size(); ++index) {
    Tracked& tracked = tracked_[index];
    std::uint32_t here = 0;
    // From the back, so that each run is extended by its predecessor's length before this
    // token.
    for (std::size_t i = tracked.tokens.size(); i-- > 0;) {
      const std::uint32_t before = i == 0 ? 0 : tracked.run[i - 1];
      tracked.run[i] = tracked.tokens[i] == token ? before + 1 : 0;
      here = std::max(here, tracked.run[i]);
    }
    if (here > longest) {
      longest = here;
      leaning.clear();
    }
    if (here == longest && here >= kShortestRun) leaning.push_back(index);
  }
  return leaning;
}

std::string grounded_prompt(std::span<const Evidence> evidence, const std::string& prompt) {
  if (evidence.empty()) return prompt;
  std::string text;
  for (const Evidence& item : evidence) {
    std::string line = item.text;
    std::replace(line.begin(), line.end(), '\n', ' ');
    text += line + '\n';
  }
  return text + '\n' + prompt;
}

}  // namespace hart::infer
