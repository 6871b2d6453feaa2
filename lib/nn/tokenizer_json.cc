#include "nn/tokenizer_json.h"

#include <algorithm>
#include <utility>

#include "nn/json_node.h"
#include "nn/tokenizer_json_model.h"
#include "nn/tokenizer_pipeline.h"

namespace hart::nn {
namespace {

struct AddedTokenEntry {
  AddedToken token;
  bool is_normalized;
};

std::vector<AddedTokenEntry> read_added_tokens(const JsonNode& root) {
  std::vector<AddedTokenEntry> entries;
  const auto list = root.find("added_tokens");
  if (!list) return entries;
  for (const JsonNode& node : list->elements()) {
    AddedToken token;
    token.token = static_cast<TokenId>(node.at("id").integer(0, (1 << 24) - 1));
    token.content = node.at("content").string();
    token.is_special = node.boolean_at("special", false);
    token.is_word = node.boolean_at("single_word", false);
    token.strips_left = node.boolean_at("lstrip", false);
    token.strips_right = node.boolean_at("rstrip", false);
    const bool is_normalized = node.boolean_at("normalized", !token.is_special);
    entries.push_back({std::move(token), is_normalized});
  }
  return entries;
}

/// Texts and kinds by number. Numbers that nothing has are unused tokens; so many that the
/// vocabulary would be mostly holes are refused, for a few bytes must not ask for gigabytes.
VocabularyParts make_words(const JsonNode& root, const JsonModel& model,
                           const std::vector<AddedTokenEntry>& added) {
  std::size_t size = 0;
  for (const ListedToken& token : model.tokens)
    size = std::max(size, static_cast<std::size_t>(token.token) + 1);
  for (const AddedTokenEntry& entry : added)
    size = std::max(size, static_cast<std::size_t>(entry.token.token) + 1);
  const std::size_t listed = model.tokens.size() + added.size();
  if (size == 0) root.refuse("a vocabulary of at least one token is expected");
  if (size > 65536 + 16 * listed)
    root.refuse("token " + std::to_string(size - 1) + " in a vocabulary of " +
                std::to_string(listed) + " tokens");
  VocabularyParts parts;
  parts.texts.resize(size);
  parts.kinds.resize(size, TokenKind::unused);
  for (const ListedToken& token : model.tokens) {
    parts.texts[static_cast<std::size_t>(token.token)] = token.text;
    parts.kinds[static_cast<std::size_t>(token.token)] = TokenKind::normal;
  }
  parts.unknown = model.unknown;
  return parts;
}

VocabularyParts with_added_tokens(VocabularyParts parts,
                                  const std::vector<AddedTokenEntry>& added) {
  for (const auto& [token, is_normalized] : added) {
    parts.texts[static_cast<std::size_t>(token.token)] = token.content;
    parts.kinds[static_cast<std::size_t>(token.token)] =
        token.is_special ? TokenKind::control : TokenKind::user_defined;
  }
  return parts;
}

AddedTokens keep_tokens(const std::vector<AddedTokenEntry>& entries, bool normalized,
                        const TextNormalizer* normalizer) {
  std::vector<AddedToken> tokens;
  std::vector<std::string> keys;
  for (const AddedTokenEntry& entry : entries) {
    if (entry.is_normalized != normalized) continue;
    tokens.push_back(entry.token);
    const bool changes = normalized && normalizer != nullptr;
    keys.push_back(changes ? normalizer->apply(entry.token.content) : entry.token.content);
  }
  return {std::move(tokens), keys};
}

/// Reads what a post-processor puts around one text.
class PostProcessorReader {
 public:
  PostProcessorReader(PipelineParts& parts) : parts_{parts} {}

  void read(const JsonNode& node) {
    const std::string type = node.at("type").string();
    if (type == "TemplateProcessing") {
      read_template(node);
    } else if (type == "BertProcessing" || type == "RobertaProcessing") {
      parts_.before.push_back(pair_id(node.at("cls")));
      parts_.after.insert(parts_.after.begin(), pair_id(node.at("sep")));
    } else if (type == "Sequence") {
      for (const JsonNode& step : node.at("processors").elements()) read(step);
    } else if (type != "ByteLevel") {
      node.refuse("the post-processor '" + type.substr(0, 40) + "' is not supported");
    }
  }

 private:
  [[nodiscard]] TokenId id(const JsonNode& node) const {
    const auto size = static_cast<std::int64_t>(parts_.vocabulary.texts.size());
    return static_cast<TokenId>(node.integer(0, size - 1));
  }
  [[nodiscard]] TokenId pair_id(const JsonNode& node) const {
    const std::vector<JsonNode> pair = node.elements();
    if (pair.size() != 2) node.refuse("a token and its number are expected");
    return id(pair[1]);
  }
  void read_template(const JsonNode& node) {
    bool is_after = false;
    for (const JsonNode& item : node.at("single").elements()) {
      if (item.find("Sequence")) {
        if (is_after) item.refuse("a second place for the text is not supported");
        is_after = true;
        continue;
      }
      const std::string& name = item.at("SpecialToken").at("id").string();
      for (const JsonNode& token : node.at("special_tokens").at(name).at("ids").elements())
        (is_after ? parts_.after : parts_.before).push_back(id(token));
    }
    if (!is_after) node.refuse("the template has no place for the text");
  }

  PipelineParts& parts_;
};

/// The number of a token that tokenizer_config.json names, as a string or an object.
std::optional<TokenId> configured_token(const std::optional<JsonNode>& config,
                                        const std::string& key, const VocabularyParts& parts) {
  const auto node = config ? config->find(key) : std::nullopt;
  if (!node) return std::nullopt;
  const std::string& text = node->is_object() ? node->at("content").string() : node->string();
  const auto found = std::find(parts.texts.begin(), parts.texts.end(), text);
  if (found == parts.texts.end()) return std::nullopt;
  return static_cast<TokenId>(found - parts.texts.begin());
}

/// Without a configuration the tokens around a text are the begin and the end.
void name_special_tokens(const std::optional<JsonNode>& config, PipelineParts& parts) {
  VocabularyParts& vocabulary = parts.vocabulary;
  vocabulary.bos = configured_token(config, "bos_token", vocabulary);
  if (!vocabulary.bos) vocabulary.bos = configured_token(config, "cls_token", vocabulary);
  if (!vocabulary.bos && !parts.before.empty()) vocabulary.bos = parts.before.front();
  vocabulary.eos = configured_token(config, "eos_token", vocabulary);
  if (!vocabulary.eos) vocabulary.eos = configured_token(config, "sep_token", vocabulary);
  if (!vocabulary.eos && !parts.after.empty()) vocabulary.eos = parts.after.back();
}

}  // namespace

std::unique_ptr<Tokenizer> make_tokenizer_from_json(ByteView tokenizer_json,
                                                    ByteView tokenizer_config) {
  const JsonNode::Value document = parse_json_file(tokenizer_json, "tokenizer.json");
  const JsonNode root{document, "tokenizer.json"};
  JsonNode::Value config_document;
  std::optional<JsonNode> config;
  if (!tokenizer_config.empty()) {
    config_document = parse_json_file(tokenizer_config, "tokenizer_config.json");
    config.emplace(config_document, "tokenizer_config.json");
  }
  JsonModel model = read_json_model(root.at("model"));
  const std::vector<AddedTokenEntry> added = read_added_tokens(root);
  PipelineParts parts;
  parts.words = make_words(root, model, added);
  parts.vocabulary = with_added_tokens(parts.words, added);
  if (const auto node = root.find("normalizer")) parts.normalizer = make_normalizer(*node);
  if (const auto node = root.find("pre_tokenizer"))
    parts.pre_tokenizer = make_pre_tokenizer(*node);
  if (const auto node = root.find("decoder")) parts.decoder = make_decoder(*node);
  if (const auto node = root.find("post_processor")) PostProcessorReader{parts}.read(*node);
  parts.raw_tokens = keep_tokens(added, false, nullptr);
  parts.normalized_tokens = keep_tokens(added, true, parts.normalizer.get());
  parts.make_model =
      [make = std::move(model.make), is_byte_level = parts.pre_tokenizer.is_byte_level](
          const Vocabulary& vocabulary) { return make(vocabulary, is_byte_level); };
  name_special_tokens(config, parts);
  return std::make_unique<PipelineTokenizer>(std::move(parts));
}

}  // namespace hart::nn
