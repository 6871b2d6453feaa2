#include "nn/token_decoder.h"

#include <array>
#include <charconv>
#include <functional>
#include <utility>

#include "formats/text_cursor.h"
#include "nn/byte_alphabet.h"
#include "nn/text_pattern.h"

namespace hart::nn {
namespace {

using Tokens = std::vector<std::string>;

class FunctionDecoder final : public TokenDecoder {
 public:
  using Function = std::function<void(Tokens&)>;
  explicit FunctionDecoder(Function function) : function_{std::move(function)} {}
  void apply(Tokens& tokens) const override { function_(tokens); }

 private:
  Function function_;
};

class SequenceDecoder final : public TokenDecoder {
 public:
  explicit SequenceDecoder(std::vector<std::unique_ptr<TokenDecoder>> steps)
      : steps_{std::move(steps)} {}
  void apply(Tokens& tokens) const override {
    for (const auto& step : steps_) step->apply(tokens);
  }

 private:
  std::vector<std::unique_ptr<TokenDecoder>> steps_;
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
}

void decode_bytes(Tokens& tokens) {
  for (std::string& token : tokens)
    if (is_alphabetic(token)) token = from_alphabet(token);
}

/// The spaces that WordPiece's words are joined with, taken away again around punctuation.
void clean_up(std::string& text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kReplacements = {
      {{" .", "."},
       {" ?", "?"},
       {" !", "!"},
       {" ,", ","},
       {" ' ", "'"},
       {" n't", "n't"},
       {" 'm", "'m"},
       {" do not", " don't"},
       {" 's", "'s"},
       {" 've", "'ve"},
       {" 're", "'re"}}};
  for (const auto& [from, to] : kReplacements) replace_all(text, from, to);
}

FunctionDecoder::Function read_word_piece(const JsonNode& node) {
  return [prefix = node.string_at("prefix", "##"),
          cleans = node.boolean_at("cleanup", true)](Tokens& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0) {
        if (tokens[i].starts_with(prefix))
          tokens[i].erase(0, prefix.size());
        else
          tokens[i].insert(0, " ");
      }
      if (cleans) clean_up(tokens[i]);
    }
  };
}

FunctionDecoder::Function read_metaspace(const JsonNode& node) {
  const bool legacy = node.boolean_at("add_prefix_space", true);
  const std::string scheme = node.string_at("prepend_scheme", legacy ? "always" : "never");
  const std::string replacement = node.string_at("replacement", "▁");
  if (replacement.empty()) node.refuse("the replacement is empty");
  return [replacement, adds_space = scheme != "never"](Tokens& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      replace_all(tokens[i], replacement, i == 0 && adds_space ? "" : " ");
  };
}

int spelt_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  int value = 0;
  const auto [end, error] = std::from_chars(&token[3], &token[5], value, 16);
  return error == std::errc{} && end == &token[5] ? value : -1;
}

void fall_back_to_bytes(Tokens& tokens) {
  for (std::string& token : tokens)
    if (const int byte = spelt_byte(token); byte >= 0) token.assign(1, static_cast<char>(byte));
}

void fuse(Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  tokens.assign(1, std::move(text));
}

FunctionDecoder::Function read_strip(const JsonNode& node) {
  const std::string content = node.at("content").string();
  if (content.empty()) node.refuse("a character to strip is expected");
  constexpr std::int64_t kMost = 1 << 20;
  return [content, start = node.at("start").integer(0, kMost),
          stop = node.at("stop").integer(0, kMost)](Tokens& tokens) {
    for (std::string& token : tokens) {
      for (std::int64_t i = 0; i < start && token.starts_with(content); ++i)
        token.erase(0, content.size());
      for (std::int64_t i = 0; i < stop && token.ends_with(content); ++i)
        token.resize(token.size() - content.size());
    }
  };
}

FunctionDecoder::Function read_decoder_replace(const JsonNode& node) {
  return [pattern = TextPattern::read(node.at("pattern")),
          content = node.at("content").string()](Tokens& tokens) {
    for (std::string& token : tokens) {
      std::string replaced;
      pattern.for_each_section(token, [&](std::string_view section, bool is_match) {
        replaced += is_match ? std::string_view{content} : section;
      });
      token = std::move(replaced);
    }
  };
}

FunctionDecoder::Function read_bpe(const JsonNode& node) {
  const std::string suffix = node.string_at("suffix", "</w>");
  if (suffix.empty()) node.refuse("the suffix is empty");
  return [suffix](Tokens& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      replace_all(tokens[i], suffix, i + 1 == tokens.size() ? "" : " ");
  };
}

FunctionDecoder::Function read_decoder_function(const JsonNode& node, const std::string& type) {
  if (type == "ByteLevel") return decode_bytes;
  if (type == "WordPiece") return read_word_piece(node);
  if (type == "Metaspace") return read_metaspace(node);
  if (type == "BPEDecoder") return read_bpe(node);
  if (type == "Replace") return read_decoder_replace(node);
  if (type == "ByteFallback") return fall_back_to_bytes;
  if (type == "Fuse") return fuse;
  if (type == "Strip") return read_strip(node);
  node.refuse("the decoder '" + type.substr(0, 40) + "' is not supported");
}

}  // namespace

std::unique_ptr<TokenDecoder> make_decoder(const JsonNode& node) {
  const std::string type = node.at("type").string();
  if (type != "Sequence")
    return std::make_unique<FunctionDecoder>(read_decoder_function(node, type));
  std::vector<std::unique_ptr<TokenDecoder>> steps;
  for (const JsonNode& step : node.at("decoders").elements())
    steps.push_back(make_decoder(step));
  return std::make_unique<SequenceDecoder>(std::move(steps));
}

}  // namespace hart::nn
