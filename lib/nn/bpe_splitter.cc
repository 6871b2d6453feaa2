#include "nn/bpe_splitter.h"

namespace hart::nn {

BpeSplitter::BpeSplitter(std::span<const std::string_view> expressions) {
  expressions_.reserve(expressions.size());
  for (const std::string_view expression : expressions) expressions_.emplace_back(expression);
}

BpeSplitter::Session::Session(const BpeSplitter& splitter) {
  for (const formats::Regex& expression : splitter.expressions_)
    matchers_.emplace_back(expression);
}

void BpeSplitter::Session::split(std::string_view text, const WordVisitor& visit) {
  for (formats::RegexMatcher& matcher : matchers_) matcher.allow(text.size());
  split_from(0, text, visit);
}

void BpeSplitter::Session::split_from(std::size_t level, std::string_view text,
                                      const WordVisitor& visit) {
  if (level == matchers_.size()) return visit(text);
  std::size_t done = 0;
  const auto pass_on = [&](std::size_t end) {
    if (end > done) split_from(level + 1, text.substr(done, end - done), visit);
    done = end;
  };
  std::size_t from = 0;
  for (formats::RegexMatch match{};
       from < text.size() && matchers_[level].find(text, from, match);) {
    pass_on(match.begin);
    pass_on(match.end);
    // A match of nothing is a place to cut; the search goes on behind the next byte.
    from = match.end > from ? match.end : from + 1;
  }
  pass_on(text.size());
}

}  // namespace hart::nn
