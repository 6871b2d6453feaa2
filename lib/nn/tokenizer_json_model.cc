#include "nn/tokenizer_json_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <unordered_set>
#include <utility>

namespace hart::nn {
namespace {

/// No vocabulary that people have is larger by far.
constexpr std::int64_t kMostTokens = 1 << 24;

struct Merge {
  std::string left, right;
};

std::vector<ListedToken> read_vocabulary(const JsonNode& node) {
  if (!node.is_object()) node.refuse("an object of tokens and their numbers is expected");
  std::vector<ListedToken> tokens;
  tokens.reserve(node.value().size());
  for (auto entry = node.value().begin(); entry != node.value().end(); ++entry) {
    const JsonNode::Value& id = entry.value();
    const bool is_id = id.is_number_unsigned() &&
                       id.get<std::uint64_t>() < static_cast<std::uint64_t>(kMostTokens);
    if (!is_id)
      node.refuse("the number of '" + entry.key().substr(0, 40) +
                  "' is not an integer from 0 to " + std::to_string(kMostTokens - 1));
    tokens.push_back({entry.key(), static_cast<TokenId>(id.get<std::int64_t>())});
  }
  return tokens;
}

std::optional<TokenId> find_token(const std::vector<ListedToken>& tokens,
                                  const std::string& text) {
  const auto found = std::find_if(tokens.begin(), tokens.end(),
                                  [&](const ListedToken& token) { return token.text == text; });
  if (found == tokens.end()) return std::nullopt;
  return found->token;
}

Merge read_merge(const JsonNode& node) {
  if (node.is_array()) {
    const std::vector<JsonNode> parts = node.elements();
    if (parts.size() != 2) node.refuse("two symbols are expected");
    return {parts[0].string(), parts[1].string()};
  }
  const std::string& merge = node.string();
  const std::size_t space = merge.find(' ');
  if (space == merge.npos) node.refuse("two symbols with a space between them are expected");
  return {merge.substr(0, space), merge.substr(space + 1)};
}

/// Throws when a merge needs or makes what is no token: the peers refuse that, too.
void check_merges(const JsonNode& node, const std::vector<Merge>& merges,
                  const std::vector<ListedToken>& tokens, std::size_t prefix) {
  std::unordered_set<std::string_view> known;
  known.reserve(tokens.size());
  for (const ListedToken& token : tokens) known.insert(token.text);
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const auto& [left, right] = merges[i];
    const bool is_known = known.contains(left) && known.contains(right) &&
                          right.size() >= prefix && known.contains(left + right.substr(prefix));
    if (!is_known)
      node.refuse("merge " + std::to_string(i) +
                  " is not of tokens and into a token of the vocabulary");
  }
}

JsonModel read_bpe_model(const JsonNode& model) {
  JsonModel read{read_vocabulary(model.at("vocab")), std::nullopt, nullptr};
  if (const auto dropout = model.find("dropout"); dropout && dropout->number() != 0)
    dropout->refuse("dropout, which makes tokens random, is not supported");
  BpeOptions options;
  options.falls_back_to_bytes = model.boolean_at("byte_fallback", false);
  options.fuses_unknown = model.boolean_at("fuse_unk", false);
  options.ignores_merges = model.boolean_at("ignore_merges", false);
  options.drops_unknown = true;
  options.inside_prefix = model.string_at("continuing_subword_prefix", "");
  options.end_suffix = model.string_at("end_of_word_suffix", "");
  if (const auto unknown = model.find("unk_token")) {
    options.unknown = find_token(read.tokens, unknown->string());
    read.unknown = options.unknown;
  }
  const JsonNode list = model.at("merges");
  auto merges = std::make_shared<std::vector<Merge>>();
  for (const JsonNode& merge : list.elements()) merges->push_back(read_merge(merge));
  check_merges(list, *merges, read.tokens, options.inside_prefix.size());
  read.make = [options, merges](const Vocabulary& vocabulary, bool is_byte_level) -> WordModel {
    std::vector<MergePair> pairs;
    pairs.reserve(merges->size());
    for (const Merge& merge : *merges) pairs.push_back({merge.left, merge.right});
    BpeOptions all = options;
    all.is_byte_level = is_byte_level;
    return BpeModel{vocabulary, pairs, std::move(all)};
  };
  return read;
}

JsonModel read_word_piece_model(const JsonNode& model) {
  JsonModel read{read_vocabulary(model.at("vocab")), std::nullopt, nullptr};
  WordPieceOptions options;
  options.inside_prefix = model.string_at("continuing_subword_prefix", "##");
  if (const auto longest = model.find("max_input_chars_per_word"))
    options.longest_word = static_cast<std::size_t>(longest->integer(0, 1 << 30));
  options.unknown = find_token(read.tokens, model.string_at("unk_token", "[UNK]"));
  read.unknown = options.unknown;
  read.make = [options](const Vocabulary& vocabulary, bool) -> WordModel {
    return WordPieceModel{vocabulary, options};
  };
  return read;
}

JsonModel read_unigram(const JsonNode& model) {
  JsonModel read;
  auto scores = std::make_shared<std::vector<double>>();
  double least = std::numeric_limits<double>::infinity();
  for (const JsonNode& entry : model.at("vocab").elements()) {
    const std::vector<JsonNode> pair = entry.elements();
    if (pair.size() != 2) entry.refuse("a piece and its score are expected");
    const double score = pair[1].number();
    if (!std::isfinite(score)) pair[1].refuse("a finite number is expected");
    read.tokens.push_back({pair[0].string(), static_cast<TokenId>(scores->size())});
    scores->push_back(score);
    least = std::min(least, score);
    if (scores->size() >= static_cast<std::size_t>(kMostTokens))
      entry.refuse("more pieces than any vocabulary has");
  }
  UnigramOptions options;
  options.least_score = std::isfinite(least) ? least : 0;
  options.falls_back_to_bytes = model.boolean_at("byte_fallback", false);
  if (const auto unknown = model.find("unk_id"))
    options.unknown = static_cast<TokenId>(
        unknown->integer(0, static_cast<std::int64_t>(scores->size()) - 1));
  read.unknown = options.unknown;
  auto texts = std::make_shared<std::vector<std::string>>();
  for (const ListedToken& token : read.tokens) texts->push_back(token.text);
  read.make = [options, scores, texts](const Vocabulary& vocabulary, bool) -> WordModel {
    std::vector<UnigramPiece> pieces;
    for (std::size_t i = 0; i < texts->size(); ++i)
      pieces.push_back({(*texts)[i], static_cast<TokenId>(i), (*scores)[i]});
    return UnigramModel{vocabulary, pieces, options};
  };
  return read;
}

/// Old files leave the type out.
std::string guess_type(const JsonNode& model) {
  if (model.find("merges")) return "BPE";
  const auto vocabulary = model.find("vocab");
  return vocabulary && vocabulary->is_array() ? "Unigram" : "WordPiece";
}

}  // namespace

JsonModel read_json_model(const JsonNode& model) {
  const auto named = model.find("type");
  const std::string type = named ? named->string() : guess_type(model);
  if (type == "BPE") return read_bpe_model(model);
  if (type == "WordPiece") return read_word_piece_model(model);
  if (type == "Unigram") return read_unigram(model);
  model.refuse("the model '" + type.substr(0, 40) + "' is not supported");
}

}  // namespace hart::nn
