#include "prov/replay.h"

#include <algorithm>
#include <bit>

#include "core/error.h"
#include "prov/opened_receipt.h"

namespace hart::prov {
namespace {

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

bool same_alternatives(const std::vector<TokenAlternative>& a,
                       const std::vector<TokenAlternative>& b) {
  return std::ranges::equal(a, b, [](const TokenAlternative& one, const TokenAlternative& two) {
    return one.token == two.token && same_bits(one.logprob, two.logprob) &&
           one.text == two.text;
  });
}

/// What differs between two tokens; empty when nothing does.
std::string token_difference(const GeneratedToken& a, const GeneratedToken& b) {
  if (a.token != b.token || a.text != b.text) return "the token";
  if (!same_bits(a.logprob, b.logprob)) return "its log-probability";
  if (!same_alternatives(a.alternatives, b.alternatives)) return "its alternatives";
  return a.evidence == b.evidence ? "" : "the evidence that it leans on";
}

/// "tokens 0 to 255" for each run of erased ones.
std::vector<std::string> erased_tokens(const RecordedGeneration& recorded) {
  std::vector<std::string> erased;
  std::size_t index = 0;
  for (const TokenRun& run : recorded.receipt.tokens) {
    if (!recorded.tokens[index])
      erased.push_back("tokens " + std::to_string(run.first) + " to " +
                       std::to_string(run.first + run.count - 1) + " (erased)");
    index += run.count;
  }
  return erased;
}

std::optional<TokenDifference> first_difference(const RecordedGeneration& recorded,
                                                const std::vector<GeneratedToken>& tokens) {
  const std::size_t most = std::max(recorded.tokens.size(), tokens.size());
  for (std::size_t i = 0; i < most; ++i) {
    const bool was = i < recorded.tokens.size();
    const bool is = i < tokens.size();
    if (was && is && !recorded.tokens[i]) continue;  // Erased.
    std::string what = was && is ? token_difference(*recorded.tokens[i], tokens[i])
                       : was     ? "there is no token any more"
                                 : "there was no token";
    if (what.empty()) continue;
    TokenDifference difference{static_cast<std::uint32_t>(i), {}, {}, std::move(what)};
    if (was) difference.recorded = recorded.tokens[i];
    if (is) difference.regenerated = tokens[i];
    return difference;
  }
  return std::nullopt;
}

/// Where two texts part, in bytes.
std::size_t common_bytes(const std::string& a, const std::string& b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

RecordedGeneration open_generation(store::Store& store, const GenerationStream& stream) {
  HiddenContent hidden{store};
  OpenedReceipt opened{store, stream, &hidden};
  RecordedGeneration recorded;
  recorded.receipt = opened.receipt();
  const Receipt& receipt = recorded.receipt;
  if (!receipt.models.empty()) recorded.model_name = opened.model_name(receipt.models.front());
  recorded.prompt = opened.text(receipt.prompt);
  recorded.output = opened.text(receipt.output);
  recorded.evidence = opened.evidence();
  if (!receipt.tokens.empty())
    recorded.tokens.resize(std::size_t{receipt.tokens.back().first} +
                           receipt.tokens.back().count);
  for (const OpenedReceipt::Token& one : opened.tokens())
    recorded.tokens[one.index] = one.token;
  return recorded;
}

std::vector<std::string> erased_inputs(const RecordedGeneration& recorded) {
  std::vector<std::string> missing;
  if (!recorded.prompt)
    missing.emplace_back(recorded.receipt.prompt.exists() ? "the prompt (erased)"
                                                          : "the prompt (none was recorded)");
  for (std::size_t i = 0; i < recorded.evidence.size(); ++i)
    if (!recorded.evidence[i]) missing.push_back("evidence " + std::to_string(i) + " (erased)");
  const bool any_token =
      std::ranges::any_of(recorded.tokens, [](const auto& token) { return token.has_value(); });
  if (!recorded.output && !any_token)
    missing.emplace_back("the output and its tokens (erased)");
  return missing;
}

std::vector<Evidence> evidence_of(const RecordedGeneration& recorded) {
  std::vector<Evidence> evidence;
  for (const auto& one : recorded.evidence)
    if (one) evidence.push_back(*one);
  return evidence;
}

ReplayComparison compare_replay(const RecordedGeneration& recorded,
                                const ReplaySink& regenerated) {
  ReplayComparison result;
  const Receipt& receipt = recorded.receipt;
  const GenerationEnd& end = regenerated.ended();
  const auto differ = [&](bool differs, const std::string& phrase) {
    if (differs) result.differences.push_back(phrase);
  };
  differ(dump_json(regenerated.begun().parameters) != dump_json(receipt.parameters),
         "the parameters read " + dump_json(regenerated.begun().parameters) +
             " when they are recorded again");
  differ(regenerated.begun().seed != receipt.seed, "the seed");
  result.first_token = first_difference(recorded, regenerated.tokens());
  if (result.first_token)
    result.differences.push_back("token " + std::to_string(result.first_token->index) + ": " +
                                 result.first_token->what);
  if (recorded.output && recorded.output != end.output)
    result.differences.push_back(
        "the output, from byte " +
        std::to_string(common_bytes(*recorded.output, end.output.value_or(""))) + " on");
  differ(end.finish_reason != receipt.finish_reason,
         "it ended by " + end.finish_reason + ", the receipt says " + receipt.finish_reason);
  differ(end.tokens_in != receipt.tokens_in || end.tokens_out != receipt.tokens_out,
         "it took " + std::to_string(end.tokens_in) + " tokens in and " +
             std::to_string(end.tokens_out) + " out, the receipt says " +
             std::to_string(receipt.tokens_in) + " and " + std::to_string(receipt.tokens_out));
  result.not_compared = erased_tokens(recorded);
  if (!recorded.output) result.not_compared.emplace_back("the output (erased)");
  return result;
}

}  // namespace hart::prov
