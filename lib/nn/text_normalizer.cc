#include "nn/text_normalizer.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "formats/text_cursor.h"
#include "formats/unicode.h"
#include "formats/unicode_normalize.h"
#include "nn/bert_text.h"
#include "nn/byte_alphabet.h"
#include "nn/charsmap.h"
#include "nn/grapheme.h"
#include "nn/text_pattern.h"

namespace hart::nn {
namespace {

/// A normalizer that is one function.
class FunctionNormalizer final : public TextNormalizer {
 public:
  using Function = std::function<std::string(std::string)>;
  explicit FunctionNormalizer(Function function) : function_{std::move(function)} {}
  [[nodiscard]] std::string apply(std::string text) const override {
    return function_(std::move(text));
  }

 private:
  Function function_;
};

class SequenceNormalizer final : public TextNormalizer {
 public:
  explicit SequenceNormalizer(std::vector<std::unique_ptr<TextNormalizer>> steps)
      : steps_{std::move(steps)} {}
  [[nodiscard]] std::string apply(std::string text) const override {
    for (const auto& step : steps_) text = step->apply(std::move(text));
    return text;
  }

 private:
  std::vector<std::unique_ptr<TextNormalizer>> steps_;
};

std::string strip_accents(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint point = formats::character_at(text, at);
    if (!formats::is_mark(point.value)) out += text.substr(at, point.size);
    at += point.size;
  }
  return out;
}

std::string strip(std::string_view text, bool left, bool right) {
  while (left && !text.empty()) {
    const formats::CodePoint point = formats::character_at(text, 0);
    if (!formats::is_white_space(point.value)) break;
    text.remove_prefix(point.size);
  }
  while (right && !text.empty()) {
    const std::size_t last = formats::character_before(text, text.size());
    if (!formats::is_white_space(formats::character_at(text, last).value)) break;
    text = text.substr(0, last);
  }
  return std::string{text};
}

/// As the peers do it, not as SentencePiece: a short grapheme is replaced as a whole, by the
/// first entry it begins with; else its characters are one by one.
std::string apply_charsmap(const Charsmap& map, std::string_view text) {
  constexpr std::size_t kShortGrapheme = 6;
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = grapheme_size(text.substr(at));
    const std::string_view grapheme = text.substr(at, size);
    at += size;
    if (size < kShortGrapheme) {
      if (const auto match = map.shortest_prefix(grapheme); match.length > 0) {
        out += match.replacement;
        continue;
      }
    }
    for (std::size_t i = 0; i < grapheme.size();) {
      const std::string_view character =
          grapheme.substr(i, formats::character_at(grapheme, i).size);
      const auto match = map.shortest_prefix(character);
      out += match.length > 0 ? match.replacement : character;
      i += character.size();
    }
  }
  return out;
}

FunctionNormalizer::Function read_bert(const JsonNode& node) {
  BertNormalization options;
  options.cleans = node.boolean_at("clean_text", true);
  options.separates_cjk = node.boolean_at("handle_chinese_chars", true);
  options.lowercases = node.boolean_at("lowercase", true);
  options.strips_accents = node.boolean_at("strip_accents", options.lowercases);
  return [options](const std::string& text) { return normalize_bert(text, options); };
}

FunctionNormalizer::Function read_replace(const JsonNode& node) {
  return [pattern = TextPattern::read(node.at("pattern")),
          content = node.at("content").string()](const std::string& text) {
    std::string out;
    pattern.for_each_section(text, [&](std::string_view section, bool is_match) {
      out += is_match ? std::string_view{content} : section;
    });
    return out;
  };
}

FunctionNormalizer::Function read_function(const JsonNode& node, const std::string& type) {
  using formats::NormalForm;
  const auto form = [](NormalForm wanted) {
    return [wanted](const std::string& text) { return formats::normalize(text, wanted); };
  };
  if (type == "NFC") return form(NormalForm::nfc);
  if (type == "NFD") return form(NormalForm::nfd);
  if (type == "NFKC") return form(NormalForm::nfkc);
  if (type == "NFKD") return form(NormalForm::nfkd);
  if (type == "Lowercase") return lowercase;
  if (type == "StripAccents") return strip_accents;
  if (type == "BertNormalizer") return read_bert(node);
  if (type == "Replace") return read_replace(node);
  if (type == "ByteLevel") return to_alphabet;
  if (type == "Prepend")
    return [prefix = node.at("prepend").string()](std::string text) {
      return text.empty() ? text : prefix + text;
    };
  if (type == "Strip")
    return [left = node.boolean_at("strip_left", true),
            right = node.boolean_at("strip_right", true)](const std::string& text) {
      return strip(text, left, right);
    };
  if (type == "Precompiled") {
    const auto map = node.find("precompiled_charsmap");
    if (!map || map->string().empty()) return [](std::string text) { return text; };
    return [charsmap = Charsmap{from_base64(map->string())}](const std::string& text) {
      return apply_charsmap(charsmap, text);
    };
  }
  node.refuse("the normalizer '" + type.substr(0, 40) + "' is not supported");
}

}  // namespace

std::unique_ptr<TextNormalizer> make_normalizer(const JsonNode& node) {
  if (node.value().is_null()) return nullptr;
  const std::string type = node.at("type").string();
  if (type != "Sequence")
    return std::make_unique<FunctionNormalizer>(read_function(node, type));
  std::vector<std::unique_ptr<TextNormalizer>> steps;
  for (const JsonNode& step : node.at("normalizers").elements())
    if (auto made = make_normalizer(step)) steps.push_back(std::move(made));
  return std::make_unique<SequenceNormalizer>(std::move(steps));
}

}  // namespace hart::nn
