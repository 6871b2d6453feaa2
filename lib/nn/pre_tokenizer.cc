#include "nn/pre_tokenizer.h"

#include <string>
#include <utility>
#include <vector>

#include "formats/text_cursor.h"
#include "formats/unicode.h"
#include "nn/bert_text.h"
#include "nn/byte_alphabet.h"
#include "nn/text_pattern.h"

namespace hart::nn {
namespace {

using Visitor = PreTokenizer::Visitor;

/// Passes pieces of `whole` on and tells whether each begins where `whole` does.
WordVisitor pieces_of(std::string_view whole, bool is_first, const Visitor& visit) {
  return [whole, is_first, &visit](std::string_view piece) {
    visit(piece, is_first && piece.data() == whole.data());
  };
}

class PatternSplit final : public PreTokenizer {
 public:
  PatternSplit(TextPattern pattern, SplitBehavior behavior, bool inverts)
      : pattern_{std::move(pattern)}, behavior_{behavior}, inverts_{inverts} {}

  void split(std::string_view piece, bool is_first, const Visitor& visit) const override {
    const WordVisitor pass_on = pieces_of(piece, is_first, visit);
    SectionJoiner joiner{behavior_, pass_on};
    pattern_.for_each_section(piece, [&](std::string_view section, bool is_match) {
      joiner.add(section, is_match != inverts_);
    });
    joiner.finish();
  }

 private:
  TextPattern pattern_;
  SplitBehavior behavior_;
  bool inverts_;
};

/// Cuts at the characters that a predicate holds for.
class CharacterSplit final : public PreTokenizer {
 public:
  using Predicate = bool (*)(char32_t) noexcept;
  CharacterSplit(Predicate holds, SplitBehavior behavior)
      : holds_{holds}, behavior_{behavior} {}

  void split(std::string_view piece, bool is_first, const Visitor& visit) const override {
    const WordVisitor pass_on = pieces_of(piece, is_first, visit);
    SectionJoiner joiner{behavior_, pass_on};
    std::size_t begin = 0;
    for (std::size_t at = 0; at < piece.size();) {
      const formats::CodePoint point = formats::character_at(piece, at);
      const std::size_t end = at + point.size;
      if (holds_(point.value)) {
        if (at > begin) joiner.add(piece.substr(begin, at - begin), false);
        joiner.add(piece.substr(at, point.size), true);
        begin = end;
      }
      at = end;
    }
    if (begin < piece.size()) joiner.add(piece.substr(begin), false);
    joiner.finish();
  }

 private:
  Predicate holds_;
  SplitBehavior behavior_;
};

class BertSplit final : public PreTokenizer {
 public:
  void split(std::string_view piece, bool is_first, const Visitor& visit) const override {
    split_bert(piece, pieces_of(piece, is_first, visit));
  }
};

class Metaspace final : public PreTokenizer {
 public:
  enum class Prepend { always, first, never };
  Metaspace(std::string replacement, Prepend prepend, bool splits)
      : replacement_{std::move(replacement)}, prepend_{prepend}, splits_{splits} {}

  void split(std::string_view piece, bool is_first, const Visitor& visit) const override {
    std::string marked;
    marked.reserve(piece.size() + piece.size() / 2 + replacement_.size());
    for (const char byte : piece) {
      if (byte == ' ')
        marked += replacement_;
      else
        marked += byte;
    }
    const bool may_prepend =
        prepend_ == Prepend::always || (prepend_ == Prepend::first && is_first);
    if (may_prepend && !marked.starts_with(replacement_)) marked.insert(0, replacement_);
    std::size_t begin = 0;
    while (splits_ && begin < marked.size()) {
      const std::size_t from = marked.compare(begin, replacement_.size(), replacement_) == 0
                                   ? begin + replacement_.size()
                                   : begin;
      const std::size_t end = std::min(marked.find(replacement_, from), marked.size());
      visit(std::string_view{marked}.substr(begin, end - begin), is_first && begin == 0);
      begin = end;
    }
    if (!splits_ && !marked.empty()) visit(marked, is_first);
  }

 private:
  std::string replacement_;
  Prepend prepend_;
  bool splits_;
};

/// What ByteLevel does before it spells bytes: a space before the text, and GPT-2's words.
class ByteLevelSplit final : public PreTokenizer {
 public:
  ByteLevelSplit(bool adds_space, bool splits, bool spells)
      : splitter_{splits ? find_bpe_family("gpt-2")->expressions
                         : std::span<const std::string_view>{}},
        adds_space_{adds_space},
        spells_{spells} {}

  void split(std::string_view piece, bool is_first, const Visitor& visit) const override {
    std::string spaced;
    if (adds_space_ && !piece.starts_with(' ')) {
      spaced.reserve(piece.size() + 1);
      spaced += ' ';
      spaced += piece;
      piece = spaced;
    }
    const WordVisitor pass_on = pieces_of(piece, is_first, visit);
    BpeSplitter::Session{splitter_}.split(piece, [&](std::string_view word) {
      if (spells_)
        visit(to_alphabet(word), is_first && word.data() == piece.data());
      else
        pass_on(word);
    });
  }

 private:
  BpeSplitter splitter_;
  bool adds_space_;
  bool spells_;
};

class SequenceSplit final : public PreTokenizer {
 public:
  explicit SequenceSplit(std::vector<std::unique_ptr<PreTokenizer>> steps)
      : steps_{std::move(steps)} {}
  void split(std::string_view piece, bool is_first, const Visitor& visit) const override {
    split_from(0, piece, is_first, visit);
  }

 private:
  void split_from(std::size_t step, std::string_view piece, bool is_first,
                  const Visitor& visit) const {
    if (step == steps_.size()) return visit(piece, is_first);
    steps_[step]->split(piece, is_first, [&](std::string_view part, bool part_is_first) {
      split_from(step + 1, part, part_is_first, visit);
    });
  }

  std::vector<std::unique_ptr<PreTokenizer>> steps_;
};

std::unique_ptr<PreTokenizer> read_metaspace(const JsonNode& node) {
  const std::string replacement = node.string_at("replacement", "▁");
  if (replacement.empty()) node.refuse("the replacement is empty");
  const bool legacy = node.boolean_at("add_prefix_space", true);
  const std::string scheme = node.string_at("prepend_scheme", legacy ? "always" : "never");
  using Prepend = Metaspace::Prepend;
  Prepend prepend = Prepend::never;
  if (scheme == "always")
    prepend = Prepend::always;
  else if (scheme == "first")
    prepend = Prepend::first;
  else if (scheme != "never")
    node.refuse("the prepend_scheme '" + scheme.substr(0, 40) + "' is not known");
  return std::make_unique<Metaspace>(replacement, prepend, node.boolean_at("split", true));
}

std::unique_ptr<PreTokenizer> read_split(const JsonNode& node) {
  return std::make_unique<PatternSplit>(TextPattern::read(node.at("pattern")),
                                        read_split_behavior(node.at("behavior")),
                                        node.boolean_at("invert", false));
}

std::unique_ptr<PreTokenizer> read_byte_level(const JsonNode& node, bool spells) {
  return std::make_unique<ByteLevelSplit>(node.boolean_at("add_prefix_space", true),
                                          node.boolean_at("use_regex", true), spells);
}

std::unique_ptr<PreTokenizer> read_simple(const JsonNode& node, const std::string& type) {
  if (type == "Whitespace")
    return std::make_unique<PatternSplit>(TextPattern{formats::Regex{R"(\w+|[^\w\s]+)"}},
                                          SplitBehavior::removed, true);
  if (type == "WhitespaceSplit")
    return std::make_unique<CharacterSplit>(formats::is_white_space, SplitBehavior::removed);
  if (type == "BertPreTokenizer") return std::make_unique<BertSplit>();
  if (type == "Metaspace") return read_metaspace(node);
  if (type == "Split") return read_split(node);
  if (type == "CharDelimiterSplit")
    return std::make_unique<PatternSplit>(TextPattern{node.at("delimiter").string()},
                                          SplitBehavior::removed, false);
  if (type == "Digits")
    return std::make_unique<CharacterSplit>(formats::is_number,
                                            node.boolean_at("individual_digits", false)
                                                ? SplitBehavior::isolated
                                                : SplitBehavior::contiguous);
  if (type == "Punctuation") {
    const auto behavior = node.find("behavior");
    return std::make_unique<CharacterSplit>(
        is_bert_punctuation,
        behavior ? read_split_behavior(*behavior) : SplitBehavior::isolated);
  }
  node.refuse("the pre-tokenizer '" + type.substr(0, 40) + "' is not supported");
}

PreTokenizerChoice make_step(const JsonNode& node, bool is_last) {
  if (node.value().is_null()) return {};
  const std::string type = node.at("type").string();
  if (type == "ByteLevel") return {read_byte_level(node, !is_last), is_last};
  if (type != "Sequence") return {read_simple(node, type), false};
  std::vector<std::unique_ptr<PreTokenizer>> steps;
  bool is_byte_level = false;
  const std::vector<JsonNode> children = node.at("pretokenizers").elements();
  for (std::size_t i = 0; i < children.size(); ++i) {
    PreTokenizerChoice step = make_step(children[i], is_last && i + 1 == children.size());
    is_byte_level |= step.is_byte_level;
    if (step.splitter) steps.push_back(std::move(step.splitter));
  }
  return {std::make_unique<SequenceSplit>(std::move(steps)), is_byte_level};
}

}  // namespace

PreTokenizerChoice make_pre_tokenizer(const JsonNode& node) {
  return make_step(node, true);
}

}  // namespace hart::nn
